/** Runs many interleavings, some at once: each waits for Redis most of the time. */
import { Interleaving, type Verdict } from './interleaving.ts';
import type { SharedRedis, Switches } from './system/redis.ts';

const AT_ONCE = 128;

export interface Tally {
  interleavings: number;
  steps: number;
  commands: number;
  crashes: number;
  resumed: number;
  /** How often each script gave each kind of reply: what was met at all. */
  replies: Record<string, number>;
  seconds: number;
  /** The first interleaving that broke a promise; null: none did. */
  failure: { seed: number; broken: string; trace: string[] } | null;
}

interface RunOptions {
  shared: SharedRedis;
  prefix: string;
  /** Of the first interleaving; the others count on from it. */
  seed: number;
  count: number;
  steps: number;
  switches?: Switches;
}

/** Runs interleavings until one breaks a promise or all are done. */
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

function add(tally: Tally, seed: number, verdict: Verdict): void {
  tally.interleavings += 1;
  tally.steps += verdict.steps;
  tally.commands += verdict.commands;
  tally.crashes += verdict.crashes;
  tally.resumed += verdict.resumed;
  for (const [kind, times] of verdict.replies) tally.replies[kind] = (tally.replies[kind] ?? 0) + times;
  if (verdict.broken === null) return;
  if (tally.failure && tally.failure.seed < seed) return;
  tally.failure = { seed, broken: verdict.broken, trace: verdict.trace };
}
