/**
 * Redis' memory is used up, again and again, to 95 % or completely. New jobs are refused with 503 `queue_full`, and their
 * clients try again. Running jobs end, some of them only once memory is free again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, FaultContext } from './fault.ts';

/** Shares of the memory that are used: nearly full, and so full that every write is refused. */
const SHARES = [0.95, 1.2] as const;

async function limitTo({ probe }: FaultContext, share: number): Promise<void> {
  const [, used] = /^used_memory:(\d+)/m.exec(await probe.redis.info('memory')) ?? [];
  await probe.redis.config('SET', 'maxmemory', Math.round(Number(used) / share));
}

async function countRefusals({ stack }: FaultContext): Promise<number> {
  const metrics = await stack.metrics();
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
  async inject(context) {
    await limitTo(context, context.dice.pick(SHARES));
    await delay(context.holdMs);
    await context.probe.redis.config('SET', 'maxmemory', 0);
    context.markFault();
  },
  async observe(context, submitted) {
    await submitted;
    return (await countRefusals(context)) > 0 ? [] : ['no job was refused while Redis was full'];
  },
};
