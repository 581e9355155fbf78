/**
 * How an attempt that didn't complete ends. An order to stop comes before whatever error it caused:
 *
 *   overtaken    nothing may be written                 → lost
 *   undone       nothing may be written                 → again
 *   cancelled    job.cancelled, the text so far kept    → cancelled
 *   deadline     job.failed deadline_exceeded           → failed
 *   draining     attempt.failed, due again at once      → deferred
 *   yielding     attempt.failed, due again soon         → deferred, or retry, where it has come to nothing too often
 *   an error     attempt.failed, due after a delay      → retry
 *                or job.failed                          → failed
 *                or job.failed deadline_exceeded, where it would be due too late
 */
import { AttemptError, type Outcome, retryDelayMs } from '@holdfast/core';
import { type FieldChanges, JournalRefusal } from '@holdfast/journal';
import { closeAll, responsesOf } from '../calls/call-slots.ts';
import { saidLast } from '../calls/choose-provider.ts';
import { endResponses } from '../calls/end-responses.ts';
import { anyError } from '../calls/failed-calls.ts';
import { heedRetryAfter } from '../calls/settle-call.ts';
import { asAttemptError } from './as-attempt-error.ts';
import type { Attempt, WorkerParts } from './run-attempt.ts';

export async function concludeAttempt(parts: WorkerParts, attempt: Attempt, error: unknown): Promise<Outcome> {
  try {
    switch (attempt.order.reason) {
      case 'overtaken':
        return { kind: 'lost' };
      case 'undone':
        return { kind: 'again' };
      case 'cancelled':
        return await cancelJob(parts, attempt);
      case 'deadline':
        return await missDeadline(parts, attempt);
      case 'draining':
        return await handBack(parts, attempt);
      case 'yielding':
        return await yieldSlot(parts, attempt);
      case null:
        return await retryOrFail(parts, attempt, asAttemptError(attempt, error));
    }
  } catch (refusal) {
    if (refusal instanceof JournalRefusal) return refusedOutcome(refusal);
    throw refusal;
  }
}

/** One that was undone still has the queue's lock. Taken for lost it would be off the queue, and wait for a sweep. */
function refusedOutcome({ code }: JournalRefusal): Outcome {
  return code === 'mismatch' ? { kind: 'again' } : { kind: 'lost' };
}

function keptText({ text }: Attempt): FieldChanges {
  return text === '' ? {} : { text };
}

async function cancelJob(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const stopped = stopPaying(parts, attempt);
  const changes = { ...keptText(attempt), ...closeAll(attempt) };
  const { unblocked } = await attempt.writer.end({ status: 'cancelled' }, 'job.cancelled', {}, changes);
  await stopped;
  return { kind: 'cancelled', unblocked };
}

async function missDeadline(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const last = anyError(attempt);
  const why = last ? ` What its last provider call said: ${last.message}` : '';
  const message = `The job did not end before its deadline.${why}`;
  return failJob(parts, attempt, new AttemptError('deadline_exceeded', message, { tried: last?.tried ?? [] }));
}

/** Calls end with their connections; responses in the background have to be told: nobody will want their answers. */
async function stopPaying({ logger }: WorkerParts, attempt: Attempt): Promise<void> {
  await endResponses(attempt.lane, responsesOf(attempt, 'left', 'running', 'failed'), logger);
}

async function failJob(parts: WorkerParts, attempt: Attempt, error: AttemptError): Promise<Outcome> {
  const stopped = stopPaying(parts, attempt);
  const shown = error.toJobError();
  const fields = { error: JSON.stringify(shown), tried: '', ...keptText(attempt), ...closeAll(attempt) };
  const { unblocked } = await attempt.writer.end({ status: 'failed' }, 'job.failed', { error: shown }, fields);
  await stopped;
  return { kind: 'failed', error, unblocked };
}

async function retryOrFail(parts: WorkerParts, attempt: Attempt, error: AttemptError): Promise<Outcome> {
  heedRetryAfter(parts, attempt, error);
  const failures = attempt.claim.failures + 1;
  const policyMs = error.isFinal ? null : retryDelayMs(parts.retryPolicy, error, failures, parts.random());
  const { delayMs, tried } = whenNext(attempt, policyMs);
  if (delayMs === null || (attempt.hasPaidForNothing && attempt.claim.request.on_ambiguous === 'fail')) {
    return failJob(parts, attempt, error);
  }
  if (delayMs >= timeLeft(attempt)) {
    const late = `It would be tried again after its deadline, because of this: ${error.message}`;
    return failJob(parts, attempt, new AttemptError('deadline_exceeded', late, { tried: error.tried }));
  }
  const kept = tried.length === 0 ? '' : JSON.stringify(tried);
  return requeue(parts, attempt, error, { kind: 'retry', delayMs, changes: { failures, tried: kept } });
}

/** Until the job's deadline, in ms. */
function timeLeft({ claim: { deadlineInMs }, claimedAt }: Attempt): number {
  return deadlineInMs === null ? Number.POSITIVE_INFINITY : deadlineInMs - (performance.now() - claimedAt);
}

/**
 * A provider that fails after readers had some of its text hands over to the next one at once, unless the job forbids it.
 * Once each has been tried, all are waited for. `tried`: those that the next attempt asks last.
 */
function whenNext({ lane, tried, failedMidway, claim }: Attempt, delayMs: number | null) {
  if (failedMidway === null || delayMs === null) return { delayMs, tried: [] };
  if (claim.request.on_provider_switch === 'fail') return { delayMs: null, tried: [] };
  const all = [...tried, failedMidway];
  const another = lane?.providers.some(({ provider }) => all.every((one) => one.provider !== provider.name));
  return another ? { delayMs: 0, tried: all } : { delayMs, tried: [] };
}

/**
 * The job is none the worse: it goes back to the queue and counts as no failure. Responses are left running for the next
 * attempt to take up; a call that had to be broken off stays open in the record, for the next attempt to judge.
 */
async function handBack(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const error = new AttemptError('worker_stopped', 'The worker stopped; another goes on.', { retryable: true });
  return defer(parts, attempt, error, 0);
}

/** A breaker is open for as long. */
const YIELD_MS = 10_000;

/** Nothing was tried, and others can use the slot: counts as no failure, for some minutes. */
async function yieldSlot(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const error = new AttemptError('provider_unavailable', 'No provider can be called now, and others wait for a turn.', {
    retryable: true,
  });
  if (attempt.claim.attempt >= MAX_PASSED_ON) return retryOrFail(parts, attempt, saidLast(anyError(attempt), error));
  return defer(parts, attempt, error, Math.ceil(YIELD_MS * (1 + parts.random())));
}

/** Between two workers of different versions: a deploy may take some minutes. */
const PASS_ON_MS = 5_000;
const MAX_PASSED_ON = 60;

/** Nothing was tried, and another worker may be able to: counts as no failure, for some minutes. @throws JournalRefusal */
export async function passOn(parts: WorkerParts, attempt: Attempt, error: AttemptError): Promise<Outcome> {
  if (attempt.claim.attempt >= MAX_PASSED_ON) return failJob(parts, attempt, error);
  return defer(parts, attempt, error, PASS_ON_MS);
}

/** @throws JournalRefusal */
export async function defer(
  parts: WorkerParts,
  attempt: Attempt,
  error: AttemptError,
  delayMs: number,
  leavesQueue = false,
): Promise<Outcome> {
  return requeue(parts, attempt, error, { kind: 'deferred', delayMs, leavesQueue });
}

interface Requeue {
  kind: 'retry' | 'deferred';
  delayMs: number;
  /** It waits in the lane of its model from now on, and follows nobody any more. */
  leavesQueue?: boolean;
  changes?: FieldChanges;
}

/**
 * Ends the attempt and puts the job back into the queue, under a new release: the entry in BullMQ that this attempt was made for
 * is void from here on. A job whose cancel was asked for meanwhile ends instead: it would reach neither this attempt in time nor
 * one that waits.
 */
async function requeue(
  { logger }: WorkerParts,
  attempt: Attempt,
  error: AttemptError,
  { kind, delayMs, leavesQueue = false, changes = {} }: Requeue,
): Promise<Outcome> {
  const { status, unblocked } = await attempt.writer.end(
    { status: 'queued', delayMs, leavesQueue },
    'attempt.failed',
    { error: error.toJobError(), retry_at: new Date(Date.now() + delayMs).toISOString() },
    changes,
  );
  if (status === 'cancelled') {
    await endResponses(attempt.lane, responsesOf(attempt, 'left', 'running', 'failed'), logger);
    return { kind: 'cancelled', unblocked };
  }
  const lanes = leavesQueue ? [...unblocked, attempt.claim.lane] : unblocked;
  return kind === 'retry' ? { kind, error, delayMs, unblocked: lanes } : { kind, delayMs, unblocked: lanes };
}
