/** Ten thousand tenants, as an installation with a tenant for each customer has them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OwnRedis, startOwnRedis } from '../../../../packages/redis/testing/redis.ts';
import { startConsole, type TestConsole } from '../../testing/console.ts';

const COUNT = 10_000;

let own: OwnRedis;
let running: TestConsole;
beforeAll(async () => {
  // Redis counts for all its clients together: no other test may read from it meanwhile.
  own = await startOwnRedis();
  running = await startConsole({ REDIS_URL: own.url });
  const { redis, prefix, cell } = running;
  const today = new Date().toISOString().slice(0, 10);
  for (let at = 0; at < COUNT; at += 1_000) {
    const pipeline = redis.pipeline();
    for (let of = at; of < at + 1_000; of += 1) {
      const [id, record] = [
        `t${of}`,
        { plan: of % 2 ? 'free' : null, limits: null, created_at: `${today}T00:00:00.000Z` },
      ];
      pipeline.hset(`${prefix}:tenants`, id, JSON.stringify(record));
      pipeline.hset(cell.keys.tenant(id), {
        reserved: 5,
        day: today,
        day_usd: 1_000_000_000,
        month: today.slice(0, 7),
        month_usd: 3e9,
      });
    }
    await pipeline.exec();
  }
  await redis.hset(cell.keys.sched('waiting'), 't1', 7);
  await redis.hset(cell.keys.sched('running'), 't1', 2);
});
afterAll(async () => {
  await running?.cleanUp();
  await own?.remove();
});

describe('the list of tenants', () => {
  it('has each with what it has spent, in round trips that do not grow with their number', async () => {
    const admin = { authorization: `Bearer ${running.adminKey}` };
    const readsSoFar = async () => Number(/total_reads_processed:(\d+)/.exec(await running.redis.info('stats'))?.[1]);
    const before = await readsSoFar();
    const answer = await running.get('/admin/v1/tenants', admin);
    const reads = (await readsSoFar()) - before;
    const { data } = (await answer.json()) as { data: { id: string }[] };
    expect(data).toHaveLength(COUNT);
    expect(data.find(({ id }) => id === 't1')).toEqual({
      id: 't1',
      plan: 'free',
      plan_status: 'configured',
      limits: null,
      created_at: expect.any(String),
      day_usd: 1,
      month_usd: 3,
      reserved_usd: 0.000000005,
      waiting: 7,
      running: 2,
      effective_limits: { requests_per_minute: 60 },
    });
    // Redis reads what is sent at once in pieces of 16 KB: 64 of them, where each command alone would make ten thousand.
    expect(reads).toBeLessThan(COUNT / 50);
  });
});
