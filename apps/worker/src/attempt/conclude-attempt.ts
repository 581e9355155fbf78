/**
 * Step 5 of an attempt: the one place that decides how an attempt ends. Pure: `finish-attempt.ts` does it.
 *
 *   answered       job.completed                          → completed
 *   put back       attempt.failed, due soon               → deferred; or failed, where that has happened too often
 *   fenced         nothing may be written                 → lost
 *   rolled back    nothing may be written                 → again
 *   cancelled      job.cancelled, the text so far stored  → cancelled
 *   deadline       job.failed deadline_exceeded           → failed
 *   draining       attempt.failed, due at once            → deferred
 *   yielding       attempt.failed, due soon               → deferred; or retry, where that has happened too often
 *   failed         attempt.failed, due after a delay      → retry
 *                  or job.failed                          → failed
 *                  or job.failed deadline_exceeded, where it would be due too late
 */
import { AttemptError, type RetryPolicy, retryDelayMs, type TriedProvider } from '@holdfast/core';
import type { Claim, JournalRefusal } from '@holdfast/journal';
import { saidLast } from '../calls/choose-provider.ts';
import type { AttemptResult } from './attempt-result.ts';

type Answered = Extract<AttemptResult, { kind: 'answered' }>;

export type AttemptEnding =
  | Answered
  | { kind: 'failed'; error: AttemptError }
  | { kind: 'cancelled' }
  /** Counts as a failure. `tried`: providers that the next attempt asks last. */
  | { kind: 'retry'; error: AttemptError; delayMs: number; failures: number; tried: readonly TriedProvider[] }
  /** Counts as no failure. */
  | { kind: 'deferred'; error: AttemptError; delayMs: number; leavesFollowers: boolean }
  | { kind: 'lost' }
  | { kind: 'again' };

export interface AttemptFacts {
  claim: Pick<Claim, 'attempt' | 'failures' | 'request'>;
  /** What the last call said for an answer that the run still waits for. */
  lastError: AttemptError | null;
  /** A call of this attempt may have been paid for nothing. */
  possiblyCharged: boolean;
  /** Names of the lane's providers. */
  providers: readonly string[];
  /** Those that failed earlier attempts after readers had some of their text, and the one that failed this attempt so. */
  tried: { before: readonly TriedProvider[]; failedMidway: TriedProvider | null };
  /** ms until the job's deadline. */
  leftMs: number;
  retryPolicy: RetryPolicy;
  random: () => number;
}

/** A breaker stays open for as long. */
const YIELD_MS = 10_000;
const MAX_YIELDS = 60;

export function concludeAttempt(result: AttemptResult, facts: AttemptFacts): AttemptEnding {
  switch (result.kind) {
    case 'answered':
      return result;
    case 'put_back':
      return putBack(result, facts);
    case 'refused':
      return refusedEnding(result.refusal);
    case 'stopped':
      return stopped(result.reason, facts);
    case 'failed':
      return retryOrFail(result.error, facts);
  }
}

/** A job that was rolled back still has the queue's lock. Taken for lost, it would leave the queue and wait for maintenance. */
export function refusedEnding({ code }: JournalRefusal): Extract<AttemptEnding, { kind: 'again' | 'lost' }> {
  return code === 'mismatch' ? { kind: 'again' } : { kind: 'lost' };
}

function putBack(
  {
    error,
    delayMs,
    maxAttempts = Number.POSITIVE_INFINITY,
    leavesFollowers = false,
  }: Extract<AttemptResult, { kind: 'put_back' }>,
  { claim }: AttemptFacts,
): AttemptEnding {
  if (claim.attempt >= maxAttempts) return { kind: 'failed', error };
  return { kind: 'deferred', error, delayMs, leavesFollowers };
}

function stopped(reason: Extract<AttemptResult, { kind: 'stopped' }>['reason'], facts: AttemptFacts): AttemptEnding {
  switch (reason) {
    case 'fenced':
      return { kind: 'lost' };
    case 'rolled_back':
      return { kind: 'again' };
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'deadline':
      return deadlineExceeded(facts);
    case 'draining':
      return handOver();
    case 'yielding':
      return yieldPlace(facts);
  }
}

function deadlineExceeded({ lastError }: AttemptFacts): AttemptEnding {
  const why = lastError ? ` What its last provider call said: ${lastError.message}` : '';
  const message = `The job did not end before its deadline.${why}`;
  return { kind: 'failed', error: new AttemptError('deadline_exceeded', message, { tried: lastError?.tried ?? [] }) };
}

/**
 * Responses keep running, and the next attempt resumes them. A call that had to be cut off stays open in the journal, for the
 * next attempt to judge.
 */
function handOver(): AttemptEnding {
  const error = new AttemptError('worker_stopped', 'The worker stopped; another goes on.', { retryable: true });
  return { kind: 'deferred', error, delayMs: 0, leavesFollowers: false };
}

/** Nothing was tried, and others can use the place: counts as no failure, for some minutes. */
function yieldPlace(facts: AttemptFacts): AttemptEnding {
  const message = 'No provider can be called now, and others wait for a turn.';
  const error = new AttemptError('provider_unavailable', message, { retryable: true });
  if (facts.claim.attempt >= MAX_YIELDS) return retryOrFail(saidLast(facts.lastError, error), facts);
  return { kind: 'deferred', error, delayMs: Math.ceil(YIELD_MS * (1 + facts.random())), leavesFollowers: false };
}

function retryOrFail(error: AttemptError, facts: AttemptFacts): AttemptEnding {
  const { claim, possiblyCharged, leftMs } = facts;
  const failures = claim.failures + 1;
  const { delayMs, tried } = nextAttempt(error, failures, facts);
  if (delayMs === null || (possiblyCharged && claim.request.on_ambiguous === 'fail')) return { kind: 'failed', error };
  if (delayMs < leftMs) return { kind: 'retry', error, delayMs, failures, tried };
  const late = `It would be tried again after its deadline, because of this: ${error.message}`;
  return { kind: 'failed', error: new AttemptError('deadline_exceeded', late, { tried: error.tried }) };
}

interface NextAttempt {
  /** null: there is none. */
  delayMs: number | null;
  tried: readonly TriedProvider[];
}

/**
 * If a provider fails after readers had some of its text, another one is asked at once, unless the job forbids it. Once each has
 * been tried, the usual delay applies to all.
 */
function nextAttempt(error: AttemptError, failures: number, facts: AttemptFacts): NextAttempt {
  const { claim, providers, tried, retryPolicy, random } = facts;
  const delayMs = error.isFinal ? null : retryDelayMs(retryPolicy, error, failures, random());
  if (tried.failedMidway === null || delayMs === null) return { delayMs, tried: [] };
  if (claim.request.on_provider_switch === 'fail') return { delayMs: null, tried: [] };
  const all = [...tried.before, tried.failedMidway];
  const isAnotherLeft = providers.some((name) => all.every(({ provider }) => provider !== name));
  return isAnotherLeft ? { delayMs: 0, tried: all } : { delayMs, tried: [] };
}
