/**
 * Stage 3 of 6: one attempt at a job. Before it: `packages/queue`, which hands over a release; after it:
 * `packages/providers`, and `packages/journal` for what they answer.
 *
 *   1. claim     raise the attempt number; earlier attempts can write nothing any more
 *   2. admit     is it still wanted? not cancelled, in time, not a job that kills its workers
 *   3. prepare   the task, and what earlier attempts have completed of it
 *   4. call      the task's calls, each: journal the beginning, then call; from here on it may have been paid
 *   5. record    what the provider says into the journal, as it comes
 *   6. settle    what it used
 *   7. finish    terminal event, final state and bill, one write
 *
 * A follower's attempt has no steps 3 to 6: it copies another job's answer (`follow-leader.ts`).
 *
 * Whatever goes wrong in 2 to 6 becomes an outcome in `conclude-attempt.ts`. A crash at any point leaves the job
 * running in its record; BullMQ finds the lock expired, and the next attempt begins at 1.
 */
import {
  AttemptError,
  type CallLimits,
  followersLane,
  type Logger,
  type Outcome,
  type Prices,
  type ReleaseName,
  type RetryPolicy,
  type TriedProvider,
} from '@holdfast/core';
import type { Ledger, TenantLimits } from '@holdfast/gate';
import {
  AttemptWriter,
  type Claim,
  type FailedCalls,
  type FlushClock,
  type Journal,
  type LiveFeed,
} from '@holdfast/journal';
import type { FairScheduler } from '@holdfast/queue';
import { modelOf, type Task } from '@holdfast/tasks';
import { type CallSlot, judgeLeftCalls, responsesOf, slotOf } from '../calls/call-slots.ts';
import { endResponses } from '../calls/end-responses.ts';
import type { KnownFormats } from '../calls/known-formats.ts';
import type { Lane } from '../calls/lane-providers.ts';
import type { RoomLearner } from '../calls/learn-room.ts';
import { releaseCall } from '../calls/settle-call.ts';
import { runTask } from '../tasks/run-task.ts';
import { Bill } from './bill.ts';
import { concludeAttempt, passOn } from './conclude-attempt.ts';
import { finishJob } from './finish-job.ts';
import { followLeader } from './follow-leader.ts';
import type { RunningAttempts } from './running-attempts.ts';
import { StopOrder } from './stop-order.ts';

export interface WorkerParts {
  journal: Journal;
  /** What other jobs' journals tell, live. */
  feed: LiveFeed;
  clock: FlushClock;
  running: RunningAttempts;
  tasks: ReadonlyMap<string, Task>;
  lanes: ReadonlyMap<string, Lane>;
  /** Which lane serves a model; null: none. */
  laneOf: (model: string) => string | null;
  callLimits: CallLimits;
  room: RoomLearner;
  ledger: Ledger;
  limits: TenantLimits;
  prices: Prices;
  retryPolicy: RetryPolicy;
  /** Who waits for a turn. */
  scheduler: Pick<FairScheduler, 'doOthersWait'>;
  crashLimit: number;
  /** How long an attempt waits for a provider that may be called, in ms. */
  maxWaitMs: number;
  /** What a job may answer, as JSON, and write into its journal in one attempt. */
  maxAnswerBytes: number;
  /** Clients see what a task threw, not only that it did. */
  showsTaskErrors: boolean;
  knownFormats: KnownFormats;
  random: () => number;
  logger: Logger;
}

/** An attempt under way: what the steps share. */
export interface Attempt {
  claim: Claim;
  /** On the clock of `performance.now()`, in ms. */
  claimedAt: number;
  writer: AttemptWriter;
  order: StopOrder;
  /** null: this worker doesn't know the lane. */
  lane: Lane | null;
  logger: Logger;
  /** Text of the job so far: kept for one that ends without an output. */
  text: string;
  /** Calls that aren't over, by their ids: those of earlier attempts, and this one's. */
  calls: Map<string, CallSlot>;
  /** What has failed for answers that are still to come, by the ids of their calls. See `failed-calls.ts`. */
  failedCalls: Map<string, FailedCalls>;
  /** New calls that this attempt has made. */
  callsMade: number;
  /** Of the next call's idempotency key. */
  keyVersion: number;
  /** Calls that may have been paid for nothing, those of earlier attempts included. */
  ambiguousCalls: number;
  /** One of them was this attempt's. */
  hasPaidForNothing: boolean;
  /** Providers to be asked last: readers had some text of theirs, then they failed. */
  tried: readonly TriedProvider[];
  /** The one that did so in this attempt, where its lane has others. */
  failedMidway: TriedProvider | null;
  /** What the run has cost, earlier attempts included. */
  bill: Bill;
  /** So much is surely reserved for it. */
  reservedUsd: number;
  /** The rate-limit permit that was taken when the job was dispatched; the first call uses it. */
  hasAcquiredCall: boolean;
  /** The text in the journal isn't what a reader shall keep. */
  textDiscarded: boolean;
}

export async function runAttempt(parts: WorkerParts, release: ReleaseName, lockLost: AbortSignal): Promise<Outcome> {
  const order = new StopOrder();
  lockLost.addEventListener('abort', () => order.give('overtaken'));
  const unlist = parts.running.add(release.jobId, order);
  try {
    const claimed = await claimJob(parts, release, order);
    if ('kind' in claimed) return claimed;
    const outcome = await work(parts, claimed);
    report(parts, claimed, outcome);
    return outcome;
  } finally {
    unlist();
  }
}

async function work(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const deadline = startDeadline(attempt);
  try {
    admitAttempt(parts, attempt);
    if (attempt.claim.queue === followersLane) return await followLeader(parts, attempt);
    const prepared = prepareTask(parts, attempt);
    if (prepared instanceof AttemptError) return await passOn(parts, attempt, prepared);
    const output = await runTask(parts, attempt, prepared);
    // Calls of an earlier attempt that the task had no more use for.
    const unwanted = responsesOf(attempt, 'left', 'failed');
    const outcome = await finishJob(parts, attempt, output);
    await endResponses(prepared.lane, unwanted, parts.logger);
    return outcome;
  } catch (error) {
    return await concludeAttempt(parts, attempt, error);
  } finally {
    clearTimeout(deadline);
    releaseCall(parts, attempt);
  }
}

async function claimJob(
  { journal, clock, lanes, prices, logger }: WorkerParts,
  { jobId, release }: ReleaseName,
  order: StopOrder,
): Promise<Attempt | Outcome> {
  const reply = await journal.claim(jobId, release);
  // A stale release and a deleted job are nobody's any more: acknowledging them takes them off the queue.
  if (reply.kind !== 'claimed') return { kind: 'ended' };
  const { claim } = reply;
  const writer = new AttemptWriter({
    clock,
    jobId,
    attempt: claim.attempt,
    token: claim.token,
    seq: claim.seq,
    onCancelRequested: () => order.give('cancelled'),
    onRefused: ({ code }) => order.give(code === 'mismatch' ? 'undone' : 'overtaken'),
  });
  return newAttempt({
    claim,
    claimedAt: performance.now(),
    writer,
    order,
    lane: lanes.get(claim.lane) ?? null,
    logger,
    bill: new Bill(prices, claim.spent),
  });
}

function newAttempt(
  known: Pick<Attempt, 'claim' | 'claimedAt' | 'writer' | 'order' | 'lane' | 'logger' | 'bill'>,
): Attempt {
  const { open, failed, keyVersion, ambiguous, tried, textDiscarded } = known.claim.calls;
  return {
    ...known,
    text: '',
    calls: new Map([...open].map(([id, call]) => [id, slotOf(id, call)])),
    failedCalls: new Map(failed),
    callsMade: 0,
    keyVersion,
    ambiguousCalls: ambiguous,
    hasPaidForNothing: false,
    tried,
    failedMidway: null,
    reservedUsd: known.claim.reservedUsd,
    hasAcquiredCall: true,
    textDiscarded,
  };
}

/** setTimeout's longest, about 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function startDeadline({ claim, order }: Attempt): NodeJS.Timeout | undefined {
  // One that has passed is `admitAttempt`'s to find.
  if (claim.deadlineInMs === null || claim.deadlineInMs <= 0) return undefined;
  return setTimeout(() => order.give('deadline'), Math.min(claim.deadlineInMs, LONGEST_TIMER_MS));
}

function admitAttempt({ crashLimit }: WorkerParts, attempt: Attempt): void {
  const { claim, order } = attempt;
  if (claim.cancelRequested) order.give('cancelled');
  else if (claim.deadlineInMs !== null && claim.deadlineInMs <= 0) order.give('deadline');
  order.signal.throwIfAborted();
  if (claim.crashes >= crashLimit) {
    throw new AttemptError('crash_limit', `${claim.crashes} workers vanished while they ran this job.`);
  }
  judgeLeftCalls(attempt);
}

export interface PreparedTask {
  task: Task;
  lane: Lane;
}

/** An error: the job was accepted by an API of another version, or of other settings, than this worker's. */
function prepareTask({ tasks }: WorkerParts, { claim, lane }: Attempt): PreparedTask | AttemptError {
  const task = tasks.get(claim.request.task);
  if (task && lane) return { task, lane };
  const unknown = task ? `lane "${claim.lane}"` : `task "${claim.request.task}"`;
  return new AttemptError('internal_error', `This worker knows no ${unknown}; another may.`, { retryable: true });
}

/** One line for each attempt, with the id of the request that submitted its job: the API's log has the same. */
function report({ logger, tasks }: WorkerParts, { claim, claimedAt, bill }: Attempt, outcome: Outcome): void {
  const { jobId, attempt, tenant, requestId, waitedMs, request } = claim;
  const task = tasks.get(request.task);
  const { spent } = bill;
  const fields = {
    jobId,
    attempt,
    tenant,
    requestId,
    outcome: outcome.kind,
    ...('error' in outcome ? { code: outcome.error.code, status: outcome.error.status } : {}),
    ...('delayMs' in outcome ? { delayMs: outcome.delayMs } : {}),
    ms: Math.round(performance.now() - claimedAt),
    waitedMs,
    model: task && modelOf(task, request.input),
    // Of this attempt: what those before have used is in their lines.
    inputTokens: spent.input_tokens - claim.spent.input_tokens,
    outputTokens: spent.output_tokens - claim.spent.output_tokens,
    costUsd: spent.usd === null ? null : round(spent.usd - (claim.spent.usd ?? 0)),
  };
  if (outcome.kind === 'failed' || outcome.kind === 'lost') logger.warn(fields, 'attempt over');
  else logger.info(fields, 'attempt over');
}

/** To the billionths in which money is counted: a difference of two sums has more digits than it means. */
function round(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
