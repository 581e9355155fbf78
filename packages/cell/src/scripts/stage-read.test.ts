import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { scripts } from './index.ts';

// cspell:ignore aaabbbid

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(() => t.close());

const stage = (name: string, offset: number, bytes: string) => scripts.stageValue.run(t.cell, [name, offset, bytes]);
const reference = (name: string, size: number) => `\0${name} ${size}`;
const staged = (name: string) => `${t.keys.base}value:${name}`;

describe('a staged value (S9)', () => {
  it('is written piece by piece, expires, and is taken in by the script that names it', async () => {
    await stage('one', 0, 'abc');
    await stage('one', 3, 'def');
    await stage('one', 3, 'def');
    expect(await t.redis.pttl(staged('one'))).toBeGreaterThan(0);
    const id = await t.create({ request: reference('one', 6) });
    const { request } = t.keys.job(id);
    expect(await t.redis.get(request)).toBe('abcdef');
    expect(await t.redis.pttl(request)).toBe(-1);
    expect(await t.redis.exists(staged('one'))).toBe(0);
  });

  it('that has expired, or is not whole, is refused before anything is written', async () => {
    const attempt = await t.claim(await t.create());
    await stage('part', 0, 'abc');
    const before = (await t.allKeys()).sort();
    const record = await t.record(attempt.id);
    expect((await t.submit({ request: reference('part', 4) })).kind).toBe('not_staged');
    for (const change of [{ output: reference('never', 4) }, { text: reference('part', 9) }]) {
      expect(await t.finish(attempt, change)).toEqual(['not_staged']);
    }
    expect([(await t.allKeys()).sort(), await t.record(attempt.id)]).toEqual([before, record]);
    expect((await t.finish(attempt, { output: reference('part', 3) }))[0]).toBe('applied');
    const { output } = t.keys.job(attempt.id);
    expect(await t.redis.get(output)).toBe('abc');
    expect(await t.redis.pttl(output)).toBeGreaterThan(0);
  });

  it('is not used where the job exists already', async () => {
    const id = await t.create();
    expect((await t.submit({ id, request: reference('never', 4) })).kind).toBe('found');
  });
});

describe('a value of many megabytes', () => {
  const SEGMENT = 1_048_576;
  /** What lies in the segments of a value. */
  const segments = async (key: string) => {
    const names = [key, `${key}:1`, `${key}:2`, `${key}:3`];
    return (await t.redis.mget(names)).map((segment) => segment?.length ?? 0);
  };

  it('lies in segments, however it was written, and all of them come and go with the job', async () => {
    const size = 2 * SEGMENT + 7;
    // Pieces that pass the border of a segment.
    for (let at = 0; at < size; at += 60_000) await stage('big', at, 'x'.repeat(Math.min(60_000, size - at)));
    expect(await segments(staged('big'))).toEqual([SEGMENT, SEGMENT, 7, 0]);
    const id = await t.create({ request: reference('big', size) });
    const { request } = t.keys.job(id);
    expect(await segments(request)).toEqual([SEGMENT, SEGMENT, 7, 0]);
    expect(await segments(staged('big'))).toEqual([0, 0, 0, 0]);
    expect(await t.redis.pttl(`${request}:1`)).toBe(-1);
    await t.run(id, { status: 'failed' });
    expect(await t.redis.pttl(`${request}:2`)).toBeGreaterThan(0);
    await t.retry(id);
    expect(await t.redis.pttl(`${request}:2`)).toBe(-1);
    await t.cancel(id);
    await t.delete(id);
    expect(await segments(request)).toEqual([0, 0, 0, 0]);
  });

  it('is not whole where a piece is missing', async () => {
    await stage('hole', 0, 'abc');
    await stage('hole', SEGMENT, 'abc');
    expect((await t.submit({ request: reference('hole', SEGMENT + 3) })).kind).toBe('not_staged');
  });

  it('has no piece that is nowhere, or beyond all that a value may hold', async () => {
    for (const offset of [-1, 1e13]) await expect(stage('wrong', offset, 'abc')).rejects.toThrow('wrong offset');
    expect(await t.redis.keys(`${staged('wrong')}*`)).toEqual([]);
  });
});

describe('staged events', () => {
  const stageEvents = async (
    { id, attempt, token, seq }: Awaited<ReturnType<typeof t.claim>>,
    offset: number,
    bytes: string,
  ) => (await scripts.stageEvents.run(t.cell, [id, attempt, token, seq, seq + 1, offset, bytes])) as string[];

  it('lie behind the end of the log until the append that follows takes them in', async () => {
    const attempt = await t.claim(await t.create());
    const before = await t.log(attempt.id);
    const { size } = await t.record(attempt.id);
    expect(await stageEvents(attempt, 0, 'aaa')).toEqual(['staged']);
    expect(await stageEvents(attempt, 3, 'bbb')).toEqual(['staged']);
    expect((await t.record(attempt.id)).size).toBe(size);
    await t.append(attempt);
    expect(await t.log(attempt.id)).toBe(`${before}aaabbbid: 2\nevent: text.delta\ndata: {}\n\n`);
    expect((await t.record(attempt.id)).size).toBe(String((await t.log(attempt.id)).length));
    expect(await t.record(attempt.id)).not.toHaveProperty('staged');
  });

  it('of an attempt that was fenced off are refused, and written over by its successor', async () => {
    const attempt = await t.claim(await t.create());
    const before = await t.log(attempt.id);
    await stageEvents(attempt, 0, 'a long text of the zombie that nobody shall see');
    const successor = await t.claim(attempt.id);
    expect((await stageEvents(attempt, 0, 'zzz'))[0]).toBe('fenced');
    await t.append(successor);
    const size = Number((await t.record(attempt.id)).size);
    expect((await t.log(attempt.id)).slice(0, size)).toBe(`${before}id: 2\nevent: text.delta\ndata: {}\n\n`);
    await t.finish(successor);
    expect(await t.log(attempt.id)).not.toContain('zombie');
  });
});

describe('read', () => {
  const read = async (withAnswers: number, ...ids: string[]) =>
    (await scripts.read.run(t.cell, [withAnswers, ...ids])) as [string[], string[], number, string, number, string][];

  it('reads jobs with their answers, or without, and skips those that don’t exist', async () => {
    const id = await t.create({ metadata: '{}' });
    await t.run(id, { output: '"answer"', text: '"text"' });
    const [found, none] = await read(1, id, 'job_never');
    expect(found?.slice(2)).toEqual([8, '"answer"', 6, '"text"']);
    expect(found?.[0]).toContain('completed');
    expect(found?.[1]).toEqual(['metadata', '{}']);
    expect(none).toEqual([[], [], 0, '', 0, '']);
    expect((await read(0, id))[0]?.slice(2)).toEqual([0, '', 0, '']);
  });

  it('returns only the size of an answer above 16 KB', async () => {
    const id = await t.create();
    await t.run(id, { output: 'x'.repeat(16_385), text: 'y'.repeat(16_384) });
    const [found] = await read(1, id);
    expect(found?.slice(2, 5)).toEqual([16_385, '', 16_384]);
    expect(found?.[5]).toHaveLength(16_384);
  });
});

describe('reading a tenant’s minute', () => {
  it('returns what was used and when requests are admitted again, and counts nothing', async () => {
    await t.create({ perMinute: 5 });
    const read = async () => (await scripts.readRequests.run(t.cell, ['acme'])) as [string, number, number];
    await read();
    const [now, used, resetIn] = await read();
    expect(used).toBe(1);
    expect(resetIn).toBeGreaterThan(59_000);
    expect(Math.abs(Number(now) - Date.now())).toBeLessThan(5_000);
  });
});
