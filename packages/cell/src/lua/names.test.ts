import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { CellKeys } from '../keys.ts';
import { names } from './names.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

describe('key names', () => {
  it('are the same in Lua and in TypeScript', async () => {
    const body = "return {jobKey('a'), jobKey('a', 'log'), tenantKey('b'), sched('lanes'), sched('due', 'c')}";
    const { keys } = t;
    const { record, log } = keys.job('a');
    expect(await t.lua([names], body)).toEqual([
      record,
      log,
      keys.tenant('b'),
      keys.sched('lanes'),
      keys.sched('due', 'c'),
    ]);
  });

  it('share the hash tag of their cell, and no two kinds of key ever meet', () => {
    const keys = new CellKeys('hold', '7');
    const named = [
      ...Object.values(keys.job('x')),
      keys.open,
      keys.leftover,
      keys.control,
      keys.lock('x'),
      keys.tenant('x'),
      keys.minute('x'),
      keys.bull,
      keys.day('x', '2026-01-01'),
      keys.tenantJobs('x'),
      keys.sched('x'),
      keys.sched('x', 'x'),
    ];
    expect(new Set(named).size).toBe(named.length);
    for (const key of named) expect(key.startsWith('{hold:7}:')).toBe(true);
  });

  it('of all that a job leaves behind begin with what the cell’s do', async () => {
    const id = await t.create({
      estimate: 5,
      perMinute: 5,
      shared: 'digest',
      sharedTtlMs: 0,
      metadata: '{}',
      deadlineMs: 90_000,
    });
    await t.run(id, { status: 'queued' });
    await t.run(id, { output: '1', text: '"t"' });
    const found = await t.redis.keys(`*${t.cell.prefix}*`);
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter((key) => !key.startsWith(t.keys.base))).toEqual([]);
  });
});

describe('numbers', () => {
  const read = (body: string, ...args: (string | number)[]) => t.lua([names], body, args);

  it('are printed in full', async () => {
    for (const number of ['9007199254740991', '123456789012345678', '0', '-5']) {
      const printed = BigInt(Number(number)).toString();
      expect(await read('return int(tonumber(ARGV[2]))', number)).toBe(printed);
    }
  });

  it('that doubles don’t hold exactly become the largest that they do', async () => {
    const body = 'return int(num(ARGV[2]))';
    const largest = String(Number.MAX_SAFE_INTEGER);
    for (const text of ['9007199254740992', '9223372036854775807', '1e308', 'inf']) {
      expect(await read(body, text)).toBe(largest);
    }
    expect(await read(body, '-1e308')).toBe(`-${largest}`);
    expect(await read(body, '17')).toBe('17');
  });

  it('of nothing are none', async () => {
    expect(await read("return {tostring(num('')), tostring(ms('')), tostring(num('x'))}")).toEqual([
      'nil',
      'nil',
      'nil',
    ]);
  });

  it('of ms are whole, never less than nothing, and at most 31 years', async () => {
    const body = 'return int(ms(ARGV[2]))';
    expect(await Promise.all(['-5', '1.9', '1e308'].map((text) => read(body, text)))).toEqual([
      '0',
      '1',
      '1000000000000',
    ]);
  });
});
