/**
 * How often, and how long, tasks have blocked the event loop of a worker. It is counted in Redis: a process that ends takes
 * its own counts with it, and one that is blocked can't be asked.
 */
import type { Redis } from '@holdfast/redis';
import { blockedKey } from '../names.ts';

export interface Blocks {
  task: string;
  times: number;
  /** Altogether. */
  ms: number;
}

/** Counts one more. @param task its name has no space */
export async function countBlock(
  redis: Redis,
  prefix: string,
  { task, ms }: Pick<Blocks, 'task' | 'ms'>,
): Promise<void> {
  const key = blockedKey(prefix);
  await Promise.all([redis.hincrby(key, `times ${task}`, 1), redis.hincrby(key, `ms ${task}`, Math.round(ms))]);
}

/** Of each task that has blocked a worker, over all workers there ever were. */
export async function readBlocks(redis: Redis, prefix: string): Promise<Blocks[]> {
  const counts = await redis.hgetall(blockedKey(prefix));
  return Object.entries(counts).flatMap(([field, times]) => {
    const [what, task = ''] = field.split(' ');
    return what === 'times' ? [{ task, times: Number(times), ms: Number(counts[`ms ${task}`] ?? 0) }] : [];
  });
}
