/**
 * The port by which the code that runs attempts says what happens. Calls count in memory: none fails, waits, or costs Redis a command.
 */
import type { EndedJob, JobErrorCode, Outcome } from '@holdfast/core';
import type { Claim } from '@holdfast/journal';

type ClaimedJob = Pick<Claim, 'tenant' | 'lane' | 'queue' | 'attempt' | 'waitedMs'>;

/** Where a call goes. */
export interface ObservedCall {
  tenant: string;
  provider: string;
  /** As the provider is asked for it. */
  model: string;
  /** An earlier attempt began it, and it isn't paid anew. */
  isResumed: boolean;
}

export interface CallEnd {
  /** `stopped`: cut off from here, by a cancel, a deadline, or a worker that stops. */
  outcome: 'completed' | 'failed' | 'stopped';
  /** Of a failure. */
  code: JobErrorCode | null;
  /** From its begin in this attempt to its end. */
  seconds: number;
}

/** What a call has cost, or may have: as it enters the job's record. */
export interface CallUse {
  tenant: string;
  provider: string;
  /** '': of a call that an earlier attempt began. */
  model: string;
  /** As the provider counted them; 0: it did not. */
  inputTokens: number;
  outputTokens: number;
  /** null: no price is known. */
  usd: number | null;
}

/** How an attempt ended; `threw`: by a fault of the worker or of Redis, and it is run again. */
export type AttemptOutcome = Outcome['kind'] | 'threw';

export interface WorkerObserver {
  /** An attempt has claimed its job. */
  attemptBegun(claim: ClaimedJob): void;
  attemptOver(claim: ClaimedJob, outcome: AttemptOutcome): void;
  /** The attempt's first text is in the journal. @param seconds since the claim */
  textBegun(lane: string, seconds: number): void;
  /** This process has ended a job. */
  jobEnded(job: EndedJob): void;
  /** A job has got the answer of an equal one. @param usd what that had cost */
  answerCopied(tenant: string, usd: number): void;
  callBegun(call: ObservedCall): void;
  callOver(call: ObservedCall, end: CallEnd): void;
  callUsed(use: CallUse): void;
  /** A further call of a job has its place in the lane's rate limits. @param seconds that it waited for it */
  rateLimitWaited(lane: string, seconds: number): void;
  /** A budget has no room for a further call. `reserved`: it may have, once other jobs have ended. */
  budgetRefused(why: 'reserved' | 'spent' | 'budget'): void;
  /** The journal has refused an attempt that a later one has fenced off. */
  appendFenced(): void;
}

/** Tells each of them. */
export function observeWith(observers: readonly WorkerObserver[]): WorkerObserver {
  const tell = (what: (observer: WorkerObserver) => void) => {
    for (const observer of observers) what(observer);
  };
  return {
    attemptBegun: (...args) => tell((one) => one.attemptBegun(...args)),
    attemptOver: (...args) => tell((one) => one.attemptOver(...args)),
    textBegun: (...args) => tell((one) => one.textBegun(...args)),
    jobEnded: (...args) => tell((one) => one.jobEnded(...args)),
    answerCopied: (...args) => tell((one) => one.answerCopied(...args)),
    callBegun: (...args) => tell((one) => one.callBegun(...args)),
    callOver: (...args) => tell((one) => one.callOver(...args)),
    callUsed: (...args) => tell((one) => one.callUsed(...args)),
    rateLimitWaited: (...args) => tell((one) => one.rateLimitWaited(...args)),
    budgetRefused: (...args) => tell((one) => one.budgetRefused(...args)),
    appendFenced: () => tell((one) => one.appendFenced()),
  };
}
