import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type NewTestJob, type OpenCell, openTestCell } from '../../testing/cell.ts';
import { scripts } from '../scripts/index.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const HOUR = 3_600_000;

/** Submits one of equal jobs: 'accepted' (it leads), 'joined' or 'cached'. */
async function submit(shared: string, change: NewTestJob = {}) {
  const { id, rest } = await t.submit({ shared, sharedTtlMs: HOUR, ...change });
  return { id, queue: rest[1], result: rest[2] };
}

/** Whom a job is to follow, by the script `lead`; undefined: it leads. */
async function leaderFor(id: string, shared: string, { ttl = HOUR, since = Date.now() } = {}) {
  const reply = await scripts.lead.run(t.cell, [id, shared, ttl, since, t.cell.retentionMs]);
  return (reply as string[])[0];
}

describe('of equal jobs', () => {
  it('the first leads, and the others follow it in a separate queue', async () => {
    const first = await submit('first');
    expect(first).toMatchObject({ queue: '', result: 'accepted' });
    const second = await submit('first');
    expect(second).toMatchObject({ queue: '~followers', result: 'joined' });
    expect(await t.record(second.id)).toMatchObject({ queue: '~followers', shared: 'first', lane: 'default' });
    expect(await leaderFor(second.id, 'first')).toBe(first.id);
    expect(await leaderFor(first.id, 'first')).toBeUndefined();
    expect((await submit('other')).result).toBe('accepted');
    expect((await submit('')).result).toBe('accepted');
  });

  it('that come at once one leads', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => submit('at once')));
    expect(all.filter(({ result }) => result === 'accepted')).toHaveLength(1);
  });

  it('a delayed one is asked for when it is due; until then it waits with the followers', async () => {
    const delayed = await submit('delayed', { delayMs: 60_000 });
    expect(delayed).toMatchObject({ queue: '~followers', result: 'accepted' });
    expect((await submit('delayed')).result).toBe('accepted');
  });
});

describe('a completed answer', () => {
  it('is taken while it is young enough, counted from when the asker was to begin', async () => {
    const { id } = await submit('answered');
    await t.run(id);
    const second = await submit('answered');
    expect(second).toMatchObject({ queue: '~followers', result: 'cached' });
    expect(await leaderFor(second.id, 'answered', { ttl: 0, since: 1 })).toBe(id);
    expect(await leaderFor(second.id, 'answered', { ttl: 0, since: Date.now() + 1_000 })).toBeUndefined();
    expect(await leaderFor('anyone', 'answered')).toBe(second.id);
  });

  it('that is too old is made again by the next job that asks', async () => {
    const { id } = await submit('old');
    await t.run(id);
    await t.redis.hset(t.keys.job(id).record, 'finished_at', Date.now() - 2 * HOUR);
    expect(await submit('old')).toMatchObject({ queue: '', result: 'accepted' });
  });
});

describe('a leader', () => {
  const losses: [string, (id: string) => Promise<unknown>][] = [
    ['failed', (id) => t.run(id, { status: 'failed' })],
    ['cancelled', (id) => t.cancel(id)],
    ['deleted', (id) => t.run(id).then(() => t.delete(id))],
    ['expired', (id) => t.run(id).then(() => t.redis.del(t.keys.job(id).record))],
  ];

  it.each(losses)(
    'that has %s is replaced by whoever asks first, and the others follow that one',
    async (how, lose) => {
      const first = await submit(how);
      const [second, third] = [await submit(how), await submit(how)];
      await lose(first.id);
      expect(await leaderFor(second.id, how)).toBeUndefined();
      expect(await leaderFor(third.id, how)).toBe(second.id);
      expect(await leaderFor(second.id, how)).toBeUndefined();
      expect((await submit(how)).result).toBe('joined');
    },
  );

  it('with another request has no followers, even with the same key', async () => {
    const { id } = await submit('right');
    const { id: other } = await submit('wrong');
    await t.redis.set(`${t.keys.base}leader:right`, other);
    expect(await submit('right')).toMatchObject({ result: 'accepted' });
    await t.redis.set(`${t.keys.base}leader:right`, 'job_never');
    expect(await leaderFor(id, 'right')).toBeUndefined();
  });

  it('is named for as long as somebody may ask for it', async () => {
    const { id } = await submit('named');
    const key = `${t.keys.base}leader:named`;
    await t.redis.pexpire(key, 50_000);
    expect(await leaderFor('anyone', 'named')).toBe(id);
    expect(await t.redis.pttl(key)).toBeGreaterThan(50_000);
  });

  it('that was created again under its id is recognized by its time of creation', async () => {
    const { id } = await submit('anew');
    const [leader, createdAt] = (await scripts.lead.run(t.cell, ['x', 'anew', 0, 0, 1_000])) as string[];
    expect([leader, createdAt]).toEqual([id, (await t.record(id)).created_at]);
  });
});
