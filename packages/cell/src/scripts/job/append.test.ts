import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changeArguments, type OpenCell, openTestCell, type TestAttempt } from '../../../testing/cell.ts';
import { scripts } from '../index.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

const running = async () => t.claim(await t.create());

/** Appends so many bytes as one event. */
async function appendBytes({ id, attempt, token, seq }: TestAttempt, bytes: string): Promise<void> {
  const args = [id, attempt, token, seq, seq + 1, bytes, ...changeArguments({})];
  const [[kind]] = (await scripts.append.run(t.cell, args)) as [[string]];
  expect(kind).toBe('applied');
}

describe('append', () => {
  it('writes to many journals at once; what one is refused for concerns no other', async () => {
    const attempts = await Promise.all(Array.from({ length: 5 }, running));
    const args = attempts.flatMap((one, at) => {
      const changes = { record: { spent: at }, steps: { 'step:s': 'x' } };
      return t.appendArguments(at === 2 ? { ...one, token: 'other' } : one, changes);
    });
    const replies = (await scripts.append.run(t.cell, args)) as string[][];
    expect(replies.map(([kind]) => kind)).toEqual(['applied', 'applied', 'fenced', 'applied', 'applied']);
    const spent = await Promise.all(attempts.map(async ({ id }) => (await t.record(id)).spent));
    expect(spent).toEqual(['0', '1', undefined, '3', '4']);
    const again = (await scripts.append.run(t.cell, args)) as string[][];
    expect(again.map(([kind]) => kind)).toEqual(['again', 'again', 'fenced', 'again', 'again']);
  });

  it('publishes what it has written: which events, and whether they ended the job', async () => {
    const attempt = await running();
    const subscriber = t.redis.duplicate();
    const messages: string[] = [];
    subscriber.on('message', (_channel, message: string) => messages.push(message));
    await subscriber.subscribe(t.keys.job(attempt.id).live);
    const listeners = (await t.append(attempt))[2];
    await t.finish(attempt);
    // Redis answers in order: what was published before has come.
    await subscriber.unsubscribe();
    subscriber.disconnect();
    expect(listeners).toBe(1);
    expect(messages.map((message) => message.split('\n')[0])).toEqual(['2 2 0', '3 3 1']);
    expect(messages[0]).toBe('2 2 0\nid: 2\nevent: text.delta\ndata: {}\n\n');
  });

  it('keeps a sparse index: the first event after each 16 KB, and where it begins', async () => {
    const attempt = await running();
    const first = (await t.log(attempt.id)).length;
    const event = 'x'.repeat(6_000);
    for (let at = 0; at < 6; at += 1) {
      await appendBytes(attempt, event);
      attempt.seq += 1;
    }
    const { index } = t.keys.job(attempt.id);
    const entries = await t.redis.zrange(index, '0', '-1', 'WITHSCORES');
    // An entry names the event that passed the border, and where that begins.
    expect(entries).toEqual([String(first + 2 * 6_000), '4', String(first + 5 * 6_000), '7']);
    expect(await t.record(attempt.id)).toMatchObject({ seq: '7', size: String(first + 36_000) });
  });
});
