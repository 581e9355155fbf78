/**
 * Redis' memory is used up, again and again, to 95 % or altogether: new jobs are refused with 503 `queue_full`, and their
 * clients try again; those that run end, if need be when there is room again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Reach } from './fault.ts';

/** Of the memory: nearly full, and so full that every write is refused. */
const SHARES = [0.95, 1.2] as const;

async function limitTo({ probe }: Reach, share: number): Promise<void> {
  const [, used] = /^used_memory:(\d+)/m.exec(await probe.redis.info('memory')) ?? [];
  await probe.redis.config('SET', 'maxmemory', Math.round(Number(used) / share));
}

async function countRefusals({ stack }: Reach): Promise<number> {
  const metrics = await (await fetch(`${stack.apiUrl}/metrics`)).text();
  return Number(/^holdfast_submits_total\{result="queue_full"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

export const fillRedis: Fault = {
  name: 'redis-full',
  does: 'maxmemory is lowered to what is used, or below, for a while',
  workers: 2,
  load: { jobs: 600, perSecond: 20, tokens: [10, 60], itlMs: 30 },
  every: [5_000, 7_000],
  holdMs: 3_000,
  recovery: 'next submit',
  long: { load: { jobs: 2_000, perSecond: 20, tokens: [10, 60], itlMs: 30 }, every: [5_000, 7_000], holdMs: 3_000 },
  async inject(reach) {
    await limitTo(reach, reach.dice.pick(SHARES));
    await delay(reach.holdMs);
    await reach.probe.redis.config('SET', 'maxmemory', 0);
    reach.struck();
  },
  async beside(reach, loadDone) {
    await loadDone;
    return (await countRefusals(reach)) > 0 ? [] : ['no job was refused while Redis was full'];
  },
};
