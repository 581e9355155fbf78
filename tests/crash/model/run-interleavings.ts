/** Runs many interleavings, many at the same time: each waits for Redis most of the time. */
import { Interleaving, type InterleavingResult } from './interleaving.ts';
import type { SharedRedis, Switches } from './system/redis.ts';

const AT_ONCE = 128;

export interface Tally {
  interleavings: number;
  steps: number;
  commands: number;
  crashes: number;
  resumed: number;
  /** How often each script gave each kind of reply. */
  replies: Record<string, number>;
  seconds: number;
  /** The interleaving with the lowest seed that violated a promise; null: none did. */
  failure: { seed: number; broken: string; trace: string[] } | null;
}

interface RunOptions {
  shared: SharedRedis;
  prefix: string;
  /** The seed of the first interleaving. The others follow: seed + 1, seed + 2, … */
  seed: number;
  count: number;
  steps: number;
  switches?: Switches;
}

/** Runs interleavings until one violates a promise or all are done. */
export async function runInterleavings({
  shared,
  prefix,
  seed,
  count,
  steps,
  switches = {},
}: RunOptions): Promise<Tally> {
  const counts = { interleavings: 0, steps: 0, commands: 0, crashes: 0, resumed: 0, seconds: 0 };
  const tally: Tally = { ...counts, replies: {}, failure: null };
  const began = performance.now();
  let next = 0;
  const work = async () => {
    while (next < count && tally.failure === null) {
      const at = seed + next;
      next += 1;
      add(tally, at, await new Interleaving(shared, `${prefix}.${at}`, at, switches).run(steps));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  tally.seconds = (performance.now() - began) / 1_000;
  return tally;
}

function add(tally: Tally, seed: number, result: InterleavingResult): void {
  tally.interleavings += 1;
  tally.steps += result.steps;
  tally.commands += result.commands;
  tally.crashes += result.crashes;
  tally.resumed += result.resumed;
  for (const [kind, times] of result.replies) tally.replies[kind] = (tally.replies[kind] ?? 0) + times;
  if (result.broken === null) return;
  if (tally.failure && tally.failure.seed < seed) return;
  tally.failure = { seed, broken: result.broken, trace: result.trace };
}
