/**
 * One run of one fault.
 *
 *   1. open a scene: Redis, API, workers, simulator
 *   2. submit jobs at an even rate; every acknowledgement goes into the outside ledger
 *   3. inject the fault again and again, by the seed's schedule, until all jobs are submitted
 *   4. stop the faults; wait until no job is open, or until no further job ends
 *   5. check every job
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../stack/stack.ts';
import type { Dose, Fault, FaultContext } from '../faults/fault.ts';
import type { FaultSwitch } from '../switches/fault-switches.ts';
import { type CheckResult, checkRun, type Violation } from './check-run.ts';
import { diceOf } from './dice.ts';
import { injectUntil } from './inject.ts';
import { Ledger, submitAll } from './ledger.ts';
import { openScene, type Scene } from './scene.ts';
import { type JobProgress, Watch } from './watch.ts';

/** Jobs end as fast as the machine allows. When none has ended for so long, none will. */
const NEXT_ENDS_WITHIN_MS = 90_000;
/** Counted from the end of the last job. */
const READERS_END_WITHIN_MS = 10_000;

export interface RunOptions {
  seed: number;
  dose: Dose;
  /** A safety to break in this run. */
  broken?: FaultSwitch;
}

export interface RunResult extends CheckResult {
  fault: Fault;
  dose: Dose;
  injections: number;
  /** How long each hit job or submit was interrupted, in ms. */
  recoveries: number[];
}

function progressReader({ probe }: Scene) {
  return async (ids: readonly string[]): Promise<(JobProgress | null)[]> => {
    const read = (id: string) => probe.redis.hmget(probe.journal.keysOf(id).record, 'status', 'attempt', 'seq');
    const records = await Promise.all(ids.map(read));
    return records.map(([status, attempt, seq]) => {
      if (!status) return null;
      return { ended: !['queued', 'running'].includes(status), run: Number(attempt), progress: Number(seq) };
    });
  };
}

/** The time from each fault to the first acknowledgement after it. */
function timesToAcknowledgement(faultTimes: readonly number[], { entries }: Ledger): number[] {
  const times = entries.map(({ acknowledgedAt }) => acknowledgedAt).sort((a, b) => a - b);
  return faultTimes.flatMap((faultTime) => {
    const next = times.find((time) => time > faultTime);
    return next === undefined ? [] : [next - faultTime];
  });
}

/** Resolves when no job is open, or when no further job ends in time. */
async function allEnded(watch: Watch, nextEndsWithinMs = NEXT_ENDS_WITHIN_MS): Promise<void> {
  for (let open = watch.open; open > 0; open = watch.open) {
    const ended = until('another job ends', () => watch.open < open, nextEndsWithinMs);
    if (!(await ended.catch(() => false))) return;
  }
}

function observedViolations(sentences: readonly string[]): Violation[] {
  return sentences.map((sentence) => ({ kind: 'observed', sentence }));
}

function missingFault(injections: number): Violation[] {
  return injections > 0 ? [] : [{ kind: 'no fault', sentence: 'no fault was injected: use more jobs' }];
}

async function play(fault: Fault, scene: Scene, { seed, dose, broken }: RunOptions): Promise<RunResult> {
  // A run stores one event before its first token: that the attempt has begun.
  const watch = new Watch({ read: progressReader(scene), preamble: 1 });
  const ledger = new Ledger(({ id }) => watch.add(id));
  const faultTimes: number[] = [];
  const stop = new AbortController();
  const { signal } = stop;
  const markFault = () => void faultTimes.push(performance.now());
  const context: FaultContext = {
    ...scene,
    dice: diceOf(seed),
    ledger,
    watch,
    markFault,
    holdMs: dose.holdMs ?? 0,
    signal,
  };
  watch.start();
  try {
    await broken?.before?.(scene);
    const client = scene.stack.newClient();
    const run = `${fault.name} ${seed}`;
    const submitted = submitAll({ client, ledger, load: dose.load, dice: diceOf(seed + 1), run, signal });
    const schedule = { every: dose.every, dice: context.dice, inject: () => fault.inject(context) };
    const observed = fault.observe?.(context, submitted);
    const [injections] = await Promise.all([injectUntil(submitted, schedule), submitted]);
    await allEnded(watch, broken?.nextEndsWithinMs);
    await watch.stop();
    await broken?.after?.(scene, ledger);
    const result = await checkRun(scene, ledger);
    await Promise.race([observed, delay(READERS_END_WITHIN_MS, undefined, { ref: false })]);
    stop.abort();
    result.violations.push(...observedViolations((await observed) ?? []), ...missingFault(injections));
    const recoveries =
      fault.recovery === 'next token' ? watch.recoveryTimesMs : timesToAcknowledgement(faultTimes, ledger);
    return { ...result, fault, dose, injections, recoveries };
  } finally {
    // After an error, too, nothing of this run may go on.
    stop.abort();
    await watch.stop();
  }
}

export async function runFault(fault: Fault, options: RunOptions): Promise<RunResult> {
  const { workers, proxied = false, openRedis } = fault;
  const { unkeyed = false, launch = {}, env = {} } = options.broken ?? {};
  const scene = await openScene({
    workers,
    unkeyed,
    launch,
    proxied,
    ...(openRedis ? { openRedis: () => openRedis(diceOf(options.seed + 2)) } : {}),
    env: { ...fault.env, ...env },
  });
  try {
    return await play(fault, scene, options);
  } finally {
    await scene.close();
  }
}
