/**
 * One run of one fault.
 *
 *   1. open a scene: Redis, API, workers, simulator
 *   2. load it at an even rate; every acknowledgement goes into the outside ledger
 *   3. inject the fault again and again, by the seed's schedule, until the load is done
 *   4. stop the faults; wait until no job is open, or time is up
 *   5. judge
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startRestartableRedis } from '../flow/restartable-redis.ts';
import { until } from '../flow/stack.ts';
import { type Break, breakAfter, breakBefore } from './break-safety.ts';
import { diceOf } from './dice.ts';
import type { Fault, Reach } from './fault.ts';
import { injectUntil } from './inject.ts';
import { judge, type Verdict } from './judge.ts';
import { Ledger, submitAll } from './ledger.ts';
import { openScene, type Scene } from './scene.ts';
import { type Sight, Watch } from './watch.ts';

/** Jobs end as fast as the machine can; when none has for so long, none will. */
const NEXT_ENDS_WITHIN_MS = 90_000;
/** After the jobs. */
const READERS_END_WITHIN_MS = 10_000;

export interface RunOptions {
  seed: number;
  jobs: number;
  break?: Break | undefined;
}

export interface Outcome extends Verdict {
  fault: Fault;
  jobs: number;
  seed: number;
  injections: number;
  /** Of what was hit, in ms. */
  recoveries: number[];
}

function lookAt({ probe }: Scene) {
  return async (ids: readonly string[]): Promise<(Sight | null)[]> => {
    const read = (id: string) => probe.redis.hmget(probe.journal.keysOf(id).record, 'status', 'attempt', 'seq');
    const records = await Promise.all(ids.map(read));
    return records.map(([status, attempt, seq]) => {
      if (!status) return null;
      return { ended: !['queued', 'running'].includes(status), run: Number(attempt), progress: Number(seq) };
    });
  };
}

/** From each strike to the first acknowledgement after it. */
function answersAfter(strikes: readonly number[], { entries }: Ledger): number[] {
  const times = entries.map(({ acknowledgedAt }) => acknowledgedAt).sort((a, b) => a - b);
  return strikes.flatMap((struck) => {
    const next = times.find((time) => time > struck);
    return next === undefined ? [] : [next - struck];
  });
}

/** Resolves when no job is open, or none ends any more. */
async function allEnded(watch: Watch): Promise<void> {
  for (let open = watch.open; open > 0; open = watch.open) {
    const ended = until('another job ends', () => watch.open < open, NEXT_ENDS_WITHIN_MS);
    if (!(await ended.catch(() => false))) return;
  }
}

async function play(fault: Fault, scene: Scene, options: RunOptions): Promise<Outcome> {
  const { seed, jobs } = options;
  // Stored before a run's first token: that the attempt has begun.
  const watch = new Watch({ look: lookAt(scene), preamble: 1 });
  const ledger = new Ledger(({ id }) => watch.add(id));
  const strikes: number[] = [];
  const over = new AbortController();
  const struck = () => void strikes.push(performance.now());
  const reach: Reach = {
    ...scene,
    dice: diceOf(seed),
    holdMs: fault.holdMs ?? 0,
    ledger,
    watch,
    struck,
    over: over.signal,
  };
  watch.start();
  await breakBefore(options.break, scene);
  const load = { ...fault.load, jobs };
  const loadDone = submitAll(scene.stack.newClient(), ledger, load, diceOf(seed + 1), `${fault.name} ${seed}`);
  const schedule = { every: fault.every, dice: reach.dice, inject: () => fault.inject(reach) };
  const beside = fault.beside?.(reach, loadDone);
  const [injections] = await Promise.all([injectUntil(loadDone, schedule), loadDone]);
  await allEnded(watch);
  await watch.stop();
  await breakAfter(options.break, scene, ledger);
  const verdict = await judge(scene, ledger, fault.forgetsCalls);
  await Promise.race([beside, delay(READERS_END_WITHIN_MS, undefined, { ref: false })]);
  over.abort();
  verdict.broken.push(...((await beside) ?? []));
  if (injections === 0) verdict.broken.push('no fault was injected, so nothing is proved: take more jobs');
  const recoveries = fault.recovery === 'next token' ? watch.silences : answersAfter(strikes, ledger);
  return { ...verdict, fault, jobs, seed, injections, recoveries };
}

export async function runFault(fault: Fault, options: RunOptions): Promise<Outcome> {
  const { workers, ownLines = false, env = {}, openRedis = () => startRestartableRedis() } = fault;
  const scene = await openScene({
    workers,
    unkeyed: options.break === 'unkeyed',
    openRedis: () => openRedis(diceOf(options.seed + 2)),
    ownLines,
    env: options.break === 'one-copy' ? { ...env, DURABILITY: 'fsync' } : env,
  });
  try {
    return await play(fault, scene, options);
  } finally {
    await scene.close();
  }
}
