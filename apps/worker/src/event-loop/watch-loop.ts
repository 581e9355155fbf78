/**
 * Sees to it that a task which blocks the event loop does no harm to the jobs beside it: starts the thread that watches the
 * loop (`loop-watcher.ts` says what it does), and lets it see that the loop comes round. What a job costs for it is nothing.
 */
import { url as debuggerUrl } from 'node:inspector';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LiveWorker, WorkedLane } from '@holdfast/queue';
import type { WorkerConfig } from '../config.ts';
import { answerForBlocker } from '../tasks/current-job.ts';
import { BEAT_MS, LoopState } from './loop-state.ts';

/** What the thread is started with. */
export interface WatcherData
  extends Pick<WorkerConfig, 'redisUrl' | 'prefix' | 'retentionMs' | 'logLevel' | 'blockedLimitMs'> {
  memory: SharedArrayBuffer;
  presence: LiveWorker;
}

/** What it is told later: what this process takes of a cell. */
export interface WorkedCell {
  cell: string;
  lanes: readonly WorkedLane[];
}

export interface LoopWatch {
  /** From here on these jobs are kept. */
  add(worked: WorkedCell): void;
  /** The process stops: the thread must not announce it any more. */
  takesNoJobs(): void;
  close(): Promise<void>;
}

/** A thread that fails ends the process, as an exception that nobody caught. */
export function watchLoop(config: WorkerConfig, presence: LiveWorker): LoopWatch {
  answerForBlocker();
  const state = new LoopState();
  state.takesJobs = true;
  const beating = setInterval(() => {
    state.isDebugged = debuggerUrl() !== undefined;
    state.beat();
  }, BEAT_MS);
  const { redisUrl, prefix, retentionMs, logLevel, blockedLimitMs } = config;
  const workerData: WatcherData = {
    redisUrl,
    prefix,
    retentionMs,
    logLevel,
    blockedLimitMs,
    memory: state.memory,
    presence,
  };
  const file = new URL(`./loop-watcher-thread${extname(import.meta.filename)}`, import.meta.url);
  // It keeps next to nothing: with the usual size of young objects it would hold twice the memory.
  const thread = new Worker(file, {
    name: 'loop watcher',
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
  });
  return {
    add: (worked) => thread.postMessage(worked),
    takesNoJobs() {
      state.takesJobs = false;
    },
    async close() {
      clearInterval(beating);
      await thread.terminate();
    },
  };
}
