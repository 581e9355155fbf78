/**
 * Plain BullMQ with its defaults, as people write it, under the fault and the load of a chaos run. Machine and simulator are the
 * same, and Redis has the same settings. The worker is `bullmq-worker.ts`.
 *
 * Many users of BullMQ set no `jobId`, no `attempts` and no locks; neither does this program. An answer that was generated twice
 * is a duplicate, and so is one that was paid twice.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import type { Dose, Fault, FaultContext } from '../../tests/chaos/faults/fault.ts';
import { freezeWorker } from '../../tests/chaos/faults/freeze-worker.ts';
import { killRedis } from '../../tests/chaos/faults/kill-redis.ts';
import { killWorker } from '../../tests/chaos/faults/kill-worker.ts';
import { stopWorker } from '../../tests/chaos/faults/stop-worker.ts';
import { diceOf } from '../../tests/chaos/run/dice.ts';
import { injectUntil } from '../../tests/chaos/run/inject.ts';
import { Ledger, type Load } from '../../tests/chaos/run/ledger.ts';
import { openScene, type Scene } from '../../tests/chaos/run/scene.ts';
import { type JobProgress, Watch } from '../../tests/chaos/run/watch.ts';
import { loadOf, type Row, recoveryOf } from '../../tests/chaos/trials/report.ts';
import { until } from '../../tests/stack/stack.ts';

/** The faults that plain BullMQ can have. It has no API and no journal. */
export const peerFaults: readonly Fault[] = [killWorker, stopWorker, freezeWorker, killRedis];

/** The name of the worker's queue. */
const QUEUE = 'chat';
/** A lock runs out after 30 s, and BullMQ looks for such locks every 30 s. */
const ALL_END_WITHIN_MS = 120_000;
const program = fileURLToPath(new URL('./bullmq-worker.ts', import.meta.url));

export interface PeerOptions {
  fault: Fault;
  dose: Dose;
  seed: number;
}

async function addAll(queue: Queue, ledger: Ledger, load: Load, seed: number): Promise<void> {
  const dice = diceOf(seed + 1);
  const began = performance.now();
  const adds: Promise<void>[] = [];
  const add = async (name: string, sim: string) => {
    const { id = '' } = await queue.add('chat', { name, sim });
    ledger.add({ id, name, lane: 'plain', acknowledgedAt: performance.now() });
  };
  for (let at = 0; at < load.jobs; at++) {
    adds.push(add(`peer ${at}`, `tokens=${dice.between(...load.tokens)}&itl_ms=${load.itlMs}&seed=${at}`));
    await delay(Math.max(0, began + ((at + 1) * 1_000) / load.perSecond - performance.now()));
  }
  await Promise.all(adds);
}

/** The process that writes a job's progress tells its runs apart. Runs are numbered in the order in which they are seen. */
function lookAt(queue: Queue) {
  const runs = new Map<string, { worker: number; run: number }>();
  const sightOf = async (id: string): Promise<JobProgress | null> => {
    const job = await queue.getJob(id);
    if (!job) return null;
    const { worker, text = '' } = (job.progress || {}) as { worker?: number; text?: string };
    const before = runs.get(id) ?? { worker: 0, run: 0 };
    const now = worker === undefined || worker === before.worker ? before : { worker, run: before.run + 1 };
    runs.set(id, now);
    // A new run starts with less text than the last one had. So a higher run number must outweigh any text.
    return { ended: job.finishedOn !== undefined, run: now.run, progress: now.run * 1_000_000 + text.length };
  };
  return (ids: readonly string[]) => Promise.all(ids.map(sightOf));
}

interface Played {
  ledger: Ledger;
  watch: Watch;
  injections: number;
}

async function play(queue: Queue, scene: Scene, { fault, dose, seed }: PeerOptions): Promise<Played> {
  const watch = new Watch({ read: lookAt(queue), preamble: 0 });
  const ledger = new Ledger(({ id }) => watch.add(id));
  watch.start();
  const over = new AbortController();
  const dice = diceOf(seed);
  const { every, holdMs = 0 } = dose;
  const context: FaultContext = {
    ...scene,
    dice,
    ledger,
    watch,
    markFault: () => undefined,
    holdMs,
    signal: over.signal,
  };
  try {
    const added = addAll(queue, ledger, dose.load, seed);
    const inject = () => fault.inject(context);
    const [injections] = await Promise.all([injectUntil(added, { every, dice, inject }), added]);
    await until('all jobs end', () => watch.open === 0, ALL_END_WITHIN_MS).catch(() => undefined);
    return { ledger, watch, injections };
  } finally {
    over.abort();
    await watch.stop();
  }
}

async function rowOf(queue: Queue, scene: Scene, { fault, dose }: PeerOptions, played: Played): Promise<Row> {
  const { ledger, watch, injections } = played;
  const { entries } = ledger;
  const jobs = await Promise.all(entries.map(({ id }) => queue.getJob(id)));
  const counts = await Promise.all(entries.map(({ name }) => scene.stack.providerCalls(name)));
  const completed = jobs.filter((job) => job?.finishedOn && job.failedReason === undefined).length;
  const failed = jobs.filter((job) => job?.failedReason !== undefined).length;
  const calls = counts.reduce((sum, count) => sum + count.calls, 0);
  return {
    fault: `plain BullMQ: ${injections} × ${fault.does}`,
    load: loadOf(dose.load),
    acknowledged: String(entries.length),
    ended: `${completed} / ${failed} / ${entries.length - completed - failed}`,
    lost: `${jobs.filter((job) => !job).length} (and ${failed} without an answer)`,
    duplicates: `${counts.filter((count) => count.calls > 1).length} called for twice or more`,
    journals: 'no journal',
    calls: (calls / entries.length).toFixed(3),
    recovery: recoveryOf(watch.recoveryTimesMs),
  };
}

/** Plays one whole run: starts everything, plays the fault, and ends everything. */
export async function measurePeer(options: PeerOptions): Promise<Row> {
  const scene = await openScene({ workers: options.fault.workers, launch: { worker: { program } } });
  const queue = new Queue(QUEUE, { connection: scene.probe.redis });
  queue.on('error', () => undefined);
  try {
    return await rowOf(queue, scene, options, await play(queue, scene, options));
  } finally {
    await queue.close();
    await scene.close();
  }
}
