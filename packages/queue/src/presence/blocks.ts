/**
 * How often, and for how long, tasks have blocked the event loop of a worker. Counted in Redis, because a process that ends loses
 * its counts, and a blocked one can't be asked.
 */
import type { Redis } from '@holdfast/redis';
import { blockedKey } from '../names.ts';

export interface Blocks {
  task: string;
  times: number;
  /** In total. */
  ms: number;
}

/** Counts one block. @param task a name without spaces */
export async function countBlock(
  redis: Redis,
  prefix: string,
  { task, ms }: Pick<Blocks, 'task' | 'ms'>,
): Promise<void> {
  const key = blockedKey(prefix);
  await Promise.all([redis.hincrby(key, `times ${task}`, 1), redis.hincrby(key, `ms ${task}`, Math.round(ms))]);
}

/** The blocks by each task, of all workers that ever ran. */
export async function readBlocks(redis: Redis, prefix: string): Promise<Blocks[]> {
  const counts = await redis.hgetall(blockedKey(prefix));
  return Object.entries(counts).flatMap(([field, times]) => {
    const [what, task = ''] = field.split(' ');
    return what === 'times' ? [{ task, times: Number(times), ms: Number(counts[`ms ${task}`] ?? 0) }] : [];
  });
}
