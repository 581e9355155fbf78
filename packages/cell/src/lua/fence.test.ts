import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../../testing/cell.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

const running = async () => t.claim(await t.create());

describe('the fence (S4)', () => {
  it('lets the newest attempt write, with the token of its claim', async () => {
    const attempt = await running();
    expect((await t.append(attempt)).slice(0, 2)).toEqual(['applied', 0]);
    expect(await t.append({ ...attempt, token: 'other' })).toEqual(['fenced', '1']);
    const successor = await t.claim(attempt.id);
    expect(await t.append(attempt)).toEqual(['fenced', '2']);
    expect(await t.finish(attempt)).toEqual(['fenced', '2']);
    expect((await t.append(successor))[0]).toBe('applied');
  });

  it('returns with each append whether a cancel was requested', async () => {
    const attempt = await running();
    expect(await t.cancel(attempt.id)).toEqual(['requested']);
    expect((await t.append(attempt)).slice(0, 2)).toEqual(['applied', 1]);
  });

  it('recognizes what was sent before, and writes it once (S8)', async () => {
    const attempt = await running();
    const first = { ...attempt };
    await t.append(attempt);
    const log = await t.log(attempt.id);
    expect(await t.append(first)).toEqual(['again', 0]);
    expect(await t.log(attempt.id)).toBe(log);
    await t.finish(attempt);
    expect((await t.finish(attempt))[0]).toBe('again');
    expect(await t.append({ ...attempt, seq: attempt.seq + 1 })).toEqual(['ended', 'completed']);
  });

  it('refuses what was written for an earlier journal', async () => {
    const attempt = await running();
    expect(await t.append({ ...attempt, seq: 7 })).toEqual(['mismatch', '1']);
    expect(await t.append({ ...attempt, attempt: 2 })).toEqual(['mismatch', '1']);
    expect(await t.append({ ...attempt, id: 'job_never' })).toEqual(['missing']);
  });
});

describe('changes', () => {
  it('go to the record and to what is stored beside it; an empty value takes a field away', async () => {
    const attempt = await running();
    const { record, details, calls, steps } = t.keys.job(attempt.id);
    await t.append(attempt, {
      record: { spent: 5, failures: 1 },
      details: { error: 'e' },
      calls: { 'call:a': '{}', 'call:b': '{}' },
      steps: { 'step:s': '1' },
    });
    await t.append(attempt, { record: { failures: '' }, calls: { 'call:a': '' }, steps: { 'step:none': '' } });
    expect(await t.redis.hmget(record, 'spent', 'failures')).toEqual(['5', null]);
    expect(await t.redis.hgetall(details)).toEqual({ error: 'e' });
    expect(await t.redis.hgetall(calls)).toEqual({ 'call:b': '{}' });
    expect(await t.redis.hgetall(steps)).toEqual({ 'step:s': '1' });
  });

  it('may be as many as a script takes', async () => {
    const attempt = await running();
    const many = (value: string) => Object.fromEntries(Array.from({ length: 6_000 }, (_, at) => [`step:${at}`, value]));
    expect((await t.append(attempt, { steps: many('x') }))[0]).toBe('applied');
    expect(await t.redis.hlen(t.keys.job(attempt.id).steps)).toBe(6_000);
    expect((await t.append(attempt, { steps: many('') }))[0]).toBe('applied');
    expect(await t.redis.exists(t.keys.job(attempt.id).steps)).toBe(0);
  });

  it('are made only where the events may be written', async () => {
    const attempt = await running();
    const reply = await t.append({ ...attempt, token: 'other' }, { record: { spent: 5 }, details: { error: 'e' } });
    expect(reply[0]).toBe('fenced');
    expect(await t.record(attempt.id)).not.toHaveProperty('spent');
    expect(await t.redis.exists(t.keys.job(attempt.id).details)).toBe(0);
  });
});
