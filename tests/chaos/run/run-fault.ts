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
import { until } from '../../stack/stack.ts';
import type { Dose, Fault, Reach } from '../faults/fault.ts';
import type { Switch } from '../switches/fault-switches.ts';
import { type Breakage, judge, type Verdict } from './check-run.ts';
import { diceOf } from './dice.ts';
import { injectUntil } from './inject.ts';
import { Ledger, submitAll } from './ledger.ts';
import { openScene, type Scene } from './scene.ts';
import { type Sight, Watch } from './watch.ts';

/** Jobs end as fast as the machine can; when none has for so long, none will. */
const NEXT_ENDS_WITHIN_MS = 90_000;
/** After the jobs. */
const READERS_END_WITHIN_MS = 10_000;

export interface RunOptions {
  seed: number;
  dose: Dose;
  broken?: Switch;
}

export interface Outcome extends Verdict {
  fault: Fault;
  dose: Dose;
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
async function allEnded(watch: Watch, nextEndsWithinMs = NEXT_ENDS_WITHIN_MS): Promise<void> {
  for (let open = watch.open; open > 0; open = watch.open) {
    const ended = until('another job ends', () => watch.open < open, nextEndsWithinMs);
    if (!(await ended.catch(() => false))) return;
  }
}

function witnessed(sentences: readonly string[]): Breakage[] {
  return sentences.map((sentence) => ({ kind: 'beside', sentence }));
}

function shown(injections: number): Breakage[] {
  return injections > 0 ? [] : [{ kind: 'nothing shown', sentence: 'no fault was injected: take more jobs' }];
}

async function play(fault: Fault, scene: Scene, { seed, dose, broken }: RunOptions): Promise<Outcome> {
  // Stored before a run's first token: that the attempt has begun.
  const watch = new Watch({ look: lookAt(scene), preamble: 1 });
  const ledger = new Ledger(({ id }) => watch.add(id));
  const strikes: number[] = [];
  const over = new AbortController();
  const struck = () => void strikes.push(performance.now());
  const { holdMs = 0 } = dose;
  const reach: Reach = { ...scene, dice: diceOf(seed), ledger, watch, struck, holdMs, over: over.signal };
  watch.start();
  try {
    await broken?.before?.(scene);
    const client = scene.stack.newClient();
    const run = `${fault.name} ${seed}`;
    const loadDone = submitAll({ client, ledger, load: dose.load, dice: diceOf(seed + 1), run, over: over.signal });
    const schedule = { every: dose.every, dice: reach.dice, inject: () => fault.inject(reach) };
    const beside = fault.beside?.(reach, loadDone);
    const [injections] = await Promise.all([injectUntil(loadDone, schedule), loadDone]);
    await allEnded(watch, broken?.nextEndsWithinMs);
    await watch.stop();
    await broken?.after?.(scene, ledger);
    const verdict = await judge(scene, ledger);
    await Promise.race([beside, delay(READERS_END_WITHIN_MS, undefined, { ref: false })]);
    over.abort();
    verdict.broken.push(...witnessed((await beside) ?? []), ...shown(injections));
    const recoveries = fault.recovery === 'next token' ? watch.silences : answersAfter(strikes, ledger);
    return { ...verdict, fault, dose, injections, recoveries };
  } finally {
    // One that was broken off leaves nothing behind that goes on.
    over.abort();
    await watch.stop();
  }
}

export async function runFault(fault: Fault, options: RunOptions): Promise<Outcome> {
  const { workers, ownLines = false, openRedis } = fault;
  const { unkeyed = false, launch = {}, env = {} } = options.broken ?? {};
  const scene = await openScene({
    workers,
    unkeyed,
    launch,
    ownLines,
    ...(openRedis ? { openRedis: () => openRedis(diceOf(options.seed + 2)) } : {}),
    env: { ...fault.env, ...env },
  });
  try {
    return await play(fault, scene, options);
  } finally {
    await scene.close();
  }
}
