/**
 * Plain BullMQ with its defaults, as people write it, under the fault and the load of a chaos run: the same machine, the
 * same simulator, a Redis set as Holdfast's own. The worker: `bullmq-worker.ts`.
 *
 * What it may expect from its users is left out as they leave it out: no `jobId`, no `attempts`, no lock settings. Its
 * jobs are judged by what they are: an answer that was generated twice is a duplicate, and so is one paid for twice.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { disconnectRedis } from '@holdfast/redis';
import { Queue } from 'bullmq';
import { type Dice, diceOf } from '../../tests/chaos/dice.ts';
import type { Fault } from '../../tests/chaos/fault.ts';
import { injectUntil } from '../../tests/chaos/inject.ts';
import { type Row, recoveryOf } from '../../tests/chaos/report.ts';
import { type Sight, Watch } from '../../tests/chaos/watch.ts';
import { startRestartableRedis } from '../../tests/flow/restartable-redis.ts';
import { Stack, until } from '../../tests/flow/stack.ts';
import { openRedis } from '../token-delay/open-redis.ts';

const QUEUE = 'chat';
/** Its lock runs out after 30 s, and is looked at every 30 s. */
const ALL_END_WITHIN_MS = 120_000;
const WORKER = new URL('./bullmq-worker.ts', import.meta.url);

export interface PeerOptions {
  fault: Fault;
  jobs: number;
  seed: number;
}

interface Scene {
  queue: Queue;
  stack: Stack;
  redisUrl: string;
  workers: Set<ChildProcess>;
}

async function startWorker({ redisUrl, stack, workers }: Scene): Promise<void> {
  const child = fork(WORKER, [QUEUE, redisUrl, `${stack.simulatorUrl}/v1`], { execArgv: ['--conditions=source'] });
  await once(child, 'message');
  workers.add(child);
}

async function killOne(scene: Scene, dice: Dice): Promise<void> {
  const worker = dice.pick([...scene.workers]);
  scene.workers.delete(worker);
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
  await startWorker(scene);
}

async function addAll({ queue }: Scene, { fault, jobs, seed }: PeerOptions, onAdded: (id: string) => void) {
  const { tokens, itlMs, perSecond } = fault.load;
  const dice = diceOf(seed + 1);
  const began = performance.now();
  for (let at = 0; at < jobs; at++) {
    const sim = `tokens=${dice.between(...tokens)}&itl_ms=${itlMs}&seed=${at}`;
    const job = await queue.add('chat', { name: `peer ${at}`, sim });
    onAdded(job.id ?? '');
    await delay(Math.max(0, began + ((at + 1) * 1_000) / perSecond - performance.now()));
  }
}

/** A run of a job is known by the process that writes its progress; runs are numbered as they are seen. */
function lookAt(queue: Queue) {
  const runs = new Map<string, { worker: number; run: number }>();
  const sightOf = async (id: string): Promise<Sight | null> => {
    const job = await queue.getJob(id);
    if (!job) return null;
    const { worker, text = '' } = (job.progress || {}) as { worker?: number; text?: string };
    const before = runs.get(id) ?? { worker: 0, run: 0 };
    const now = worker === undefined || worker === before.worker ? before : { worker, run: before.run + 1 };
    runs.set(id, now);
    // A new run begins with less text than the one before had: any sight of it is progress.
    return { ended: job.finishedOn !== undefined, run: now.run, progress: now.run * 1_000_000 + text.length };
  };
  return (ids: readonly string[]) => Promise.all(ids.map(sightOf));
}

async function play(scene: Scene, options: PeerOptions): Promise<Row> {
  const { queue, stack } = scene;
  const ids: string[] = [];
  const watch = new Watch({ look: lookAt(queue), preamble: 0 });
  watch.start();
  const added = addAll(scene, options, (id) => {
    ids.push(id);
    watch.add(id);
  });
  const dice = diceOf(options.seed);
  const schedule = { every: options.fault.every, dice, inject: () => killOne(scene, dice) };
  const [injections] = await Promise.all([injectUntil(added, schedule), added]);
  await until('all jobs end', () => watch.open === 0, ALL_END_WITHIN_MS).catch(() => undefined);
  await watch.stop();
  const jobs = await Promise.all(ids.map((id) => queue.getJob(id)));
  const counts = await Promise.all(ids.map((_, at) => stack.providerCalls(`peer ${at}`)));
  const completed = jobs.filter((job) => job?.finishedOn && job.failedReason === undefined).length;
  const failed = jobs.filter((job) => job?.failedReason !== undefined).length;
  const calls = counts.reduce((sum, count) => sum + count.calls, 0);
  const { perSecond, tokens, itlMs } = options.fault.load;
  return {
    fault: `plain BullMQ: ${injections} × ${options.fault.does}`,
    load: `${ids.length} jobs, ${perSecond}/s, ${tokens.join('–')} tokens, ${itlMs} ms apart`,
    acknowledged: String(ids.length),
    ended: `${completed} / ${failed} / ${ids.length - completed - failed}`,
    lost: `${jobs.filter((job) => !job).length} (and ${failed} without an answer)`,
    duplicates: `${counts.filter((count) => count.calls > 1).length} called for twice or more`,
    journals: 'no journal',
    calls: (calls / ids.length).toFixed(3),
    recovery: recoveryOf(watch.silences),
  };
}

/** A run of its own, from start to end. */
export async function measurePeer(options: PeerOptions): Promise<Row> {
  const redis = await startRestartableRedis();
  const stack = await Stack.start({ redisUrl: redis.url, workers: 0 });
  const connection = await openRedis(redis.url, 'worker');
  const queue = new Queue(QUEUE, { connection });
  const scene: Scene = { queue, stack, redisUrl: redis.url, workers: new Set() };
  try {
    await Promise.all(Array.from({ length: options.fault.workers }, () => startWorker(scene)));
    return await play(scene, options);
  } finally {
    for (const worker of scene.workers) worker.kill('SIGKILL');
    await queue.close();
    await disconnectRedis(connection);
    await stack.close();
    await redis.close();
  }
}
