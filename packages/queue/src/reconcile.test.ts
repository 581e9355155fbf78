import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { reconcile } from './reconcile.ts';
import { openTestLane, type TestLane, until } from './test-queue.ts';

let t: TestLane;
beforeEach(async () => {
  t = await openTestLane();
});
afterEach(() => t.close());

const base = () => `{${t.prefix}-queue}::`;

/** Looks after every slot now. */
async function reconcileAll() {
  const slots = await t.redis.zrange(`${base()}slots:${t.lane}`, '0', '-1');
  for (const id of slots) await t.redis.zadd(`${base()}slots:${t.lane}`, 1, id);
  await t.redis.del(`${base()}reconciling`);
  return reconcile(t.queues, [t.lane]);
}

describe('reconciling', () => {
  it('hands over what a crash between pump and hand-over left behind', async () => {
    await t.queues.feed.announce(t.lane, 'w', 1);
    await t.queues.feed.enter(t.release('job_a'), null, false);
    expect((await t.queues.feed.pump(t.lane, false)).released).toHaveLength(1);
    // The process dies here. Nothing is done before the lease is over.
    expect(await reconcile(t.queues, [t.lane])).toEqual({ freed: 0, handedOver: 0 });
    expect(await t.state('job_a')).toBe('unknown');
    expect(await reconcileAll()).toEqual({ freed: 0, handedOver: 1 });
    expect(await t.state('job_a')).toBe('waiting');
    expect(await reconcileAll()).toEqual({ freed: 0, handedOver: 0 });
  });

  it('frees the slot of what BullMQ has ended', async () => {
    await t.work(() => ({ kind: 'lost' }));
    await t.enqueue('job_a');
    await until('it has run', async () => (await t.state('job_a')) === 'completed');
    await t.enqueue('job_b');
    expect(await t.queues.feed.counts(t.lane)).toMatchObject({ waiting: 1, slots: 1 });
    expect(await reconcileAll()).toEqual({ freed: 1, handedOver: 0 });
    await until('the next has run', async () => (await t.state('job_b')) === 'completed');
  });

  it('is done by one process at a time', async () => {
    await t.redis.set(`${base()}reconciling`, '1', 'PX', 60_000);
    expect(await reconcile(t.queues, [t.lane])).toBeNull();
  });
});
