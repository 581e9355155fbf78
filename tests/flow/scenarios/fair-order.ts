/** A job of one tenant starts after one round, however many of another wait. */
import { until } from '../../stack/stack.ts';
import { jobsOf, makeTenant, submitAll } from '../../stack/tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

/** Jobs at once. */
export const SLOTS = 4;
const JOBS_OF_B = 3;

export const fairOrder = {
  name: 'fair-order',
  stack: { workers: 0, env: { WORKER_CONCURRENCY: String(SLOTS) } },
  // A slot that was just being filled, and one more turn of A.
  most: { startedBefore: SLOTS },

  /** @param ofA jobs of A: enough that many still wait when the last one of B has ended */
  async play({ stack, probe }: Stage, ofA = 200) {
    const a = await makeTenant(stack, probe, 'tenant-a');
    const b = await makeTenant(stack, probe, 'tenant-b');
    const times = (ids: readonly string[], field: string) =>
      Promise.all(ids.map(async (id) => Number(await probe.field(id, field))));
    const idsOfA = await submitAll([a], jobsOf('a', ofA, 'tokens=1&ttft_ms=25'));
    await stack.start('worker');
    await until('A runs', async () => (await stack.providerCalls('a')).completed > 20);
    const idsOfB: string[] = [];
    for (let job = 0; job < JOBS_OF_B; job += 1) {
      const [id = ''] = await submitAll([b], jobsOf('b', 1, 'tokens=1'));
      idsOfB.push(id);
      await b.wait(id);
    }
    const { waiting } = await probe.queue.scheduler.counts('default');
    const [created, started, startedOfA] = await Promise.all([
      times(idsOfB, 'created_at'),
      times(idsOfB, 'started_at'),
      times(idsOfA, 'started_at'),
    ]);
    const between = created.map((from, at) => startedOfA.filter((time) => time > from && time < (started[at] ?? 0)));
    return { counts: { startedBefore: Math.max(...between.map(({ length }) => length)), waiting } };
  },
} satisfies Scenario;
