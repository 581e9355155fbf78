/** What one operation costs: CPU of the two processes that take part, which hardly depends on what else runs, and time. */
import type { Redis } from '@holdfast/redis';

/** µs of each. */
export interface Cost {
  node: number;
  redis: number;
  time: number;
}

/** A row of a table. */
export interface Subject {
  title: string;
  /** Makes what so many operations use up. Not measured. */
  prepare?: (operations: number) => Promise<void>;
  operate: () => Promise<void>;
}

/** A row of what asks Redis nothing. */
export interface LocalSubject {
  title: string;
  operate: () => void;
}

export interface Load {
  operations: number;
  atOnce: number;
}

export async function measure(redis: Redis, { prepare, operate }: Subject, load: Load): Promise<Cost> {
  await prepare?.(load.operations);
  let left = load.operations;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await operate();
    }
  };
  const redisBefore = await cpuOf(redis);
  const [nodeBefore, began] = [process.cpuUsage(), process.hrtime.bigint()];
  await Promise.all(Array.from({ length: load.atOnce }, one));
  const time = Number(process.hrtime.bigint() - began) / 1_000;
  const node = process.cpuUsage(nodeBefore);
  const redisAfter = await cpuOf(redis);
  const each = (us: number) => us / load.operations;
  return { node: each(node.user + node.system), redis: each(redisAfter - redisBefore), time: each(time) };
}

/** Of as many operations each. To the hundredth of a µs. */
export function meanOf(costs: readonly Cost[]): Cost {
  const mean = (of: keyof Cost) => {
    const sum = costs.reduce((total, cost) => total + cost[of], 0);
    return Number((sum / costs.length).toFixed(2));
  };
  return { node: mean('node'), redis: mean('redis'), time: mean('time') };
}

/** ns of this process' CPU. */
export function measureLocally({ operate }: LocalSubject, operations: number): number {
  const before = process.cpuUsage();
  for (let left = operations; left > 0; left -= 1) operate();
  const { user, system } = process.cpuUsage(before);
  return Math.round(((user + system) * 1_000) / operations);
}

/** µs so far of the thread that runs commands and writes the file; of the whole process, where Redis doesn't tell. */
async function cpuOf(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const seconds = (mode: 'user' | 'sys') => {
    const [, value] =
      new RegExp(`used_cpu_${mode}_main_thread:(\\S+)`).exec(info) ??
      new RegExp(`used_cpu_${mode}:(\\S+)`).exec(info) ??
      [];
    return Number(value);
  };
  return (seconds('user') + seconds('sys')) * 1_000_000;
}
