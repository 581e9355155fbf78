/** Fair order over 50,000 jobs, with the scheduler's own scripts. `npm run bench:fair-order` does the same with 3 million. */
import { disconnectRedis } from '@holdfast/redis';
import { expect, it } from '@jest/globals';
import { simulateFairness } from '../../bench/fair-order/simulate.ts';
import { openRedis } from '../../bench/open-redis.ts';
import { startOwnRedis } from '../../packages/redis/testing/redis.ts';

it('over 50,000 jobs equal tenants get equal shares, weights hold, and no tenant starves while new tenants keep coming', async () => {
  const server = await startOwnRedis();
  const redis = await openRedis(server.url, 'worker');
  try {
    await redis.config('SET', 'appendonly', 'no');
    const fairness = await simulateFairness(redis, 50_000, () => undefined);
    expect(fairness.equalLead).toBeLessThanOrEqual(1);
    for (const share of Object.values(fairness.weightedShare)) expect(Math.abs(share - 1)).toBeLessThan(0.02);
    expect(fairness.oldWait).toBeLessThanOrEqual(1.5 * fairness.oldTurn);
    expect(fairness.newcomerWait).toBeLessThanOrEqual(200);
  } finally {
    await disconnectRedis(redis);
    await server.remove();
  }
});
