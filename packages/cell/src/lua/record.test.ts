import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';
import { luaList, record } from './record.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

const run = (body: string, ...args: (string | number)[]) => t.lua([record], body, args);

describe('a record', () => {
  it('has the fields that were asked for, nil where there are none', async () => {
    const id = await t.create();
    const read = `local job = readRecord(ARGV[2], ${luaList(['status', 'lane'], ['status', 'output_size'])})`;
    expect(await run(`${read} return {job.id, job.status, job.lane, tostring(job.output_size)}`, id)).toEqual([
      id,
      'queued',
      'default',
      'nil',
    ]);
    expect(await run(`${read} return {job.id, tostring(job.status)}`, 'job_never')).toEqual(['job_never', 'nil']);
  });

  it('changes at once for the script, and in Redis once it is written', async () => {
    const id = await t.create();
    const change = `
      local job = readRecord(ARGV[2], {'status', 'lane', 'priority'})
      setField(job, 'lane', 'other')
      setField(job, 'priority', false)
      local before = redis.call('HMGET', jobKey(ARGV[2]), 'lane', 'priority')
      writeRecord(job)
      return {job.lane, tostring(job.priority), before[1], before[2]}`;
    expect(await run(change, id)).toEqual(['other', 'nil', 'default', '0']);
    expect(await t.redis.hmget(t.keys.job(id).record, 'lane', 'priority', 'status')).toEqual(['other', null, 'queued']);
  });

  it('is written once: what has not changed since is not', async () => {
    const body = `
      local job = {id = 'job_written', changes = {}}
      for at = 1, 2100 do setField(job, 'f' .. at, at) end
      writeRecord(job)
      local fields = redis.call('HLEN', jobKey(job.id))
      redis.call('DEL', jobKey(job.id))
      writeRecord(job)
      return {fields, redis.call('EXISTS', jobKey(job.id))}`;
    expect(await run(body)).toEqual([2100, 0]);
  });
});
