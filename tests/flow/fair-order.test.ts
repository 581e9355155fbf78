/** Fair order through the whole stack: API and worker processes, real BullMQ. The order itself: `packages/queue/src/scheduler/scheduler.test.ts`. */
import type { Holdfast } from '@holdfast/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';
import { jobsOf, makeTenant, submitAll } from '../stack/tenants.ts';
import { fairOrder, SLOTS } from './scenarios/fair-order.ts';
import { exceeded } from './scenarios/scenario.ts';

let stack: Stack;
let probe: JournalProbe;
let a: Holdfast;

beforeEach(async () => {
  stack = await Stack.start(fairOrder.stack);
  probe = await JournalProbe.open(stack);
  a = await makeTenant(stack, probe, 'tenant-a');
});
afterEach(async () => {
  await probe.close();
  await stack.close();
});

const times = (ids: string[], field: string) =>
  Promise.all(ids.map(async (id) => Number(await probe.field(id, field))));
const counts = () => probe.queue.scheduler.counts('default');

describe('a job of B behind 2,000 of A', () => {
  it('starts after one round', async () => {
    const { counts } = await fairOrder.play({ stack, probe }, 2_000);
    expect(exceeded(fairOrder, counts)).toEqual([]);
    expect(counts.waiting).toBeGreaterThan(1_000);
  });
});

describe('the order of starts', () => {
  it('is by priority among the tenant’s own jobs, and not before the delay', async () => {
    const priorities = [0, -5, 100, 7];
    const jobs = priorities.map((priority) => ({ ...chat('ordered', 'tokens=1'), priority }));
    const ids: string[] = [];
    for (const job of jobs) ids.push(...(await submitAll([a], [job])));
    const [delayed = ''] = await submitAll([a], [{ ...chat('delayed', 'tokens=1'), priority: 100, delay_ms: 1_500 }]);
    await stack.start('worker', { WORKER_CONCURRENCY: '1' });
    for (const id of [...ids, delayed]) await a.wait(id);
    const started = await times(ids, 'started_at');
    const order = priorities.map((priority, at) => ({ priority, at: started[at] ?? 0 }));
    expect(order.sort((x, y) => x.at - y.at).map(({ priority }) => priority)).toEqual([100, 7, 0, -5]);
    const [began = 0] = await times([delayed], 'started_at');
    const [created = 0] = await times([delayed], 'created_at');
    expect(began - created).toBeGreaterThanOrEqual(1_500);
  });
});

describe('a job that waits', () => {
  it('is cancelled and forgotten like any other, and leaves nothing behind', async () => {
    const [id = '', other = ''] = await submitAll([a], jobsOf('cancelled', 2, 'tokens=1'));
    expect(await counts()).toMatchObject({ waiting: 2 });
    expect(await a.cancel(id)).toMatchObject({ status: 'cancelled', attempt: 0 });
    await a.delete(id);
    expect(await counts()).toEqual({ waiting: 1, delayed: 0, permits: 0 });
    await stack.start('worker');
    expect((await a.wait(other)).status).toBe('completed');
    expect((await stack.providerCalls('cancelled')).calls).toBe(1);
  });

  it('fails at its deadline, unpaid, though every permit is taken', async () => {
    await stack.start('worker');
    await submitAll([a], jobsOf('long', SLOTS, 'tokens=900&itl_ms=20'));
    await until('all permits are taken', async () => (await counts()).permits === SLOTS);
    const late = { ...chat('late', 'tokens=1'), deadline_ms: 600 };
    const ids = await submitAll([a], [late, { ...late, delay_ms: 599 }]);
    for (const id of ids) {
      const job = await a.wait(id);
      expect(job).toMatchObject({ status: 'failed', provider_calls: 0, error: { code: 'deadline_exceeded' } });
    }
    expect((await stack.providerCalls('late')).calls).toBe(0);
    // No attempt was made, and no permit was used.
    await until('no more permits are taken', async () => (await counts()).permits === SLOTS);
    expect(await counts()).toEqual({ waiting: 0, delayed: 0, permits: SLOTS });
  });

  it('is held by a pause, while what runs goes on', async () => {
    await stack.start('worker');
    await probe.queue.scheduler.setPaused('default', true);
    const [id = ''] = await submitAll([a], jobsOf('paused', 1, 'tokens=1'));
    const announced = () => probe.redis.hvals(probe.cell.keys.sched('workers', 'default'));
    const [before] = await announced();
    // Every 2 s; it dispatches four times a second.
    await until('the worker has been heard of again', async () => (await announced())[0] !== before);
    expect(await a.get(id)).toMatchObject({ status: 'queued', attempt: 0 });
    await probe.queue.scheduler.setPaused('default', false);
    expect((await a.wait(id)).status).toBe('completed');
  });
});
