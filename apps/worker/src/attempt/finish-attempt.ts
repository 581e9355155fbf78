/**
 * Step 6 of an attempt: writes its end, in one append, and ends what still runs at providers. Before it: `conclude-attempt.ts`, which
 * has decided how it ends; after it: `packages/queue`, which acknowledges the release.
 */
import { type AttemptError, type Logger, type Outcome, usageOf } from '@holdfast/core';
import { type AttemptWriter, type FieldChanges, JournalRefusal } from '@holdfast/journal';
import { endResponses } from '../calls/end-responses.ts';
import type { ProviderCalls } from '../calls/provider-calls.ts';
import type { RunCost } from '../cost/run-cost.ts';
import type { Lane } from '../lanes/lane-providers.ts';
import type { AttemptTimeline } from './attempt-timeline.ts';
import { type AttemptEnding, refusedEnding } from './conclude-attempt.ts';
import type { EmittedText } from './emitted-text.ts';

interface FinishedAttempt {
  writer: AttemptWriter;
  calls: ProviderCalls;
  cost: RunCost;
  text: EmittedText;
  timeline: AttemptTimeline;
  /** null: this worker doesn't know it. */
  lane: Lane | null;
  /** The job's own, from the claim. */
  laneName: string;
  logger: Logger;
}

type EndingOf<Kind extends AttemptEnding['kind']> = Extract<AttemptEnding, { kind: Kind }>;

/** Where the journal refuses the end, nothing is written: another attempt has the job, or this one is run again. */
export async function finishAttempt(attempt: FinishedAttempt, ending: AttemptEnding): Promise<Outcome> {
  try {
    return await writeEnd(attempt, ending);
  } catch (refusal) {
    if (refusal instanceof JournalRefusal) return refusedEnding(refusal);
    throw refusal;
  }
}

function writeEnd(attempt: FinishedAttempt, ending: AttemptEnding): Outcome | Promise<Outcome> {
  switch (ending.kind) {
    case 'answered':
      return completeJob(attempt, ending);
    case 'failed':
      return failJob(attempt, ending.error);
    case 'cancelled':
      return cancelJob(attempt);
    case 'retry':
    case 'deferred':
      return requeueJob(attempt, ending);
    case 'lost':
    case 'again':
      return ending;
  }
}

async function completeJob(attempt: FinishedAttempt, { json, usage, changes }: EndingOf<'answered'>): Promise<Outcome> {
  const { writer, calls, cost, timeline, lane, logger } = attempt;
  // Responses of an earlier attempt that the task had no use for.
  const unwanted = calls.responses('interrupted', 'failed');
  const closed = calls.closeAll();
  const { unblocked } = await writer.complete(json, usage ?? usageOf(cost.spent), {
    ...closed,
    ...timeline.end('completed', null),
    ...changes,
  });
  await endResponses(lane, unwanted, logger);
  return { kind: 'completed', unblocked };
}

async function failJob(attempt: FinishedAttempt, error: AttemptError): Promise<Outcome> {
  const { writer, calls, text, timeline } = attempt;
  const stopped = endOpenResponses(attempt);
  const shown = error.toJobError();
  const closed = { ...calls.closeAll(), ...timeline.end('failed', error) };
  const changes = { error: JSON.stringify(shown), tried: '', ...text.toFields(), ...closed };
  const { unblocked } = await writer.end({ status: 'failed' }, 'job.failed', { error: shown }, changes);
  await stopped;
  return { kind: 'failed', error, unblocked };
}

async function cancelJob(attempt: FinishedAttempt): Promise<Outcome> {
  const { writer, calls, text, timeline } = attempt;
  const stopped = endOpenResponses(attempt);
  const changes = { ...text.toFields(), ...calls.closeAll(), ...timeline.end('cancelled', null) };
  const { unblocked } = await writer.end({ status: 'cancelled' }, 'job.cancelled', {}, changes);
  await stopped;
  return { kind: 'cancelled', unblocked };
}

/** A call ends with its connection. A response in the background must be cancelled: nobody will want its answer. */
async function endOpenResponses({ calls, lane, logger }: FinishedAttempt): Promise<void> {
  await endResponses(lane, calls.responses('interrupted', 'running', 'failed'), logger);
}

/**
 * Puts the job back into the queue, under a new release: the entry in BullMQ that this attempt was made for is void from here on.
 * A job whose cancel was requested meanwhile ends instead: the cancel would reach neither this attempt nor one that waits.
 */
async function requeueJob(attempt: FinishedAttempt, ending: EndingOf<'retry' | 'deferred'>): Promise<Outcome> {
  const { error, delayMs } = ending;
  const leavesQueue = ending.kind === 'deferred' && ending.leavesFollowers;
  const { status, unblocked } = await attempt.writer.end(
    { status: 'queued', delayMs, leavesQueue },
    'attempt.failed',
    { error: error.toJobError(), retry_at: new Date(Date.now() + delayMs).toISOString() },
    { ...(ending.kind === 'retry' ? retryFields(ending) : {}), ...attempt.timeline.end(ending.kind, error, delayMs) },
  );
  if (status === 'cancelled') {
    await endOpenResponses(attempt);
    return { kind: 'cancelled', unblocked };
  }
  const lanes = leavesQueue ? [...unblocked, attempt.laneName] : unblocked;
  if (ending.kind === 'retry') return { kind: 'retry', error, delayMs, unblocked: lanes };
  return { kind: 'deferred', delayMs, unblocked: lanes };
}

function retryFields({ failures, tried }: EndingOf<'retry'>): FieldChanges {
  return { failures, tried: tried.length === 0 ? '' : JSON.stringify(tried) };
}
