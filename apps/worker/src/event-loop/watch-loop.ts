/**
 * Protects the other jobs of this process from a task that blocks the event loop: starts the thread that watches the loop
 * (`loop-watcher.ts` says what it does), and signals to it that the loop runs. It costs nothing for each job.
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

/** Sent to the thread later: which lanes of a cell this process works on. */
export interface WorkedCell {
  cell: string;
  lanes: readonly WorkedLane[];
}

export interface LoopWatch {
  /** From here on the thread keeps the locks of these jobs. */
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
  // It holds next to nothing: with the usual size of the young generation it would take twice the memory.
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
