/**
 * Which job's task the event loop runs at this moment, so that a blocked loop can name it. Everything that a task begins counts
 * as its own, timers and callbacks included.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface CurrentJob {
  jobId: string;
  task: string;
}

/** What a blocked loop answers. */
export interface Blocker {
  /** null: no task runs; the program itself blocks. */
  job: CurrentJob | null;
  /** Stack frames, innermost first. */
  at: string[];
}

const currentJob = new AsyncLocalStorage<CurrentJob>();

/** Runs a job's task. */
export function runAs<Result>(job: CurrentJob, run: () => Result): Result {
  return currentJob.run(job, run);
}

/** Evaluated in the main thread it gives a `Blocker`. */
export const BLOCKER_EXPRESSION = 'globalThis[Symbol.for("holdfast.blocker")]()';

const MAX_FRAMES = 8;

/** It may interrupt a regular expression: it must not use one itself. */
function describeBlocker(): Blocker {
  // The first lines are the error's own, this function's and that of the expression.
  const frames = String(new Error().stack).split('\n').slice(3);
  return {
    job: currentJob.getStore() ?? null,
    at: frames.slice(0, MAX_FRAMES).map((frame) => frame.trim().slice('at '.length)),
  };
}

/** Makes `BLOCKER_EXPRESSION` work in this thread. */
export function answerForBlocker(): void {
  Object.defineProperty(globalThis, Symbol.for('holdfast.blocker'), { value: describeBlocker, configurable: true });
}
