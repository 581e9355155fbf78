/**
 * Stage 3 of 6: one attempt at a job. Before it: `packages/queue`, which hands over a release; after it:
 * `packages/providers`, and `packages/journal` for what they answer.
 *
 *   1. claim     raise the attempt number; earlier attempts can write nothing any more
 *   2. admit     is it still wanted? not cancelled, in time, not a job that kills its workers
 *   3. prepare   the task's provider call: a new one, or what an earlier attempt has left running
 *   4. call      journal the beginning, then call; from here on the call may have been paid
 *   5. record    every provider event into the journal, as it comes
 *   6. settle    what it used
 *   7. finish    terminal event and final state, one write; then the ledger gets the bill (`settle-run.ts`)
 *
 * Whatever goes wrong in 2 to 6 becomes an outcome in `conclude-attempt.ts`. A crash at any point leaves the job
 * running in its record; BullMQ finds the lock expired, and the next attempt begins at 1.
 */
import { AttemptError, type Logger, type Outcome, type Prices, type Provider, type RetryPolicy } from '@holdfast/core';
import type { Ledger } from '@holdfast/gate';
import { AttemptWriter, type Claim, type FlushClock, type Journal, readText } from '@holdfast/journal';
import type { ReleaseData } from '@holdfast/queue';
import type { Task } from '@holdfast/tasks';
import { Bill, type BilledCall } from './bill.ts';
import { callProvider, type PreparedCall } from './call-provider.ts';
import { concludeAttempt } from './conclude-attempt.ts';
import { endResponse } from './end-response.ts';
import { finishJob } from './finish-job.ts';
import type { RunningAttempts } from './running-attempts.ts';
import { settleRun } from './settle-run.ts';
import { StopOrder } from './stop-order.ts';

export interface WorkerParts {
  journal: Journal;
  clock: FlushClock;
  running: RunningAttempts;
  tasks: ReadonlyMap<string, Task>;
  /** The provider of each lane. */
  providers: ReadonlyMap<string, LaneProvider>;
  ledger: Ledger;
  prices: Prices;
  retryPolicy: RetryPolicy;
  crashLimit: number;
  random: () => number;
  logger: Logger;
}

/** A provider, and what can be relied on when a call to it breaks off. */
export interface LaneProvider {
  provider: Provider;
  /** It runs `responses` in the background, and one that was begun can be taken up again. */
  background: boolean;
  /** It honours `Idempotency-Key`. */
  idempotent: boolean;
}

/** An attempt under way: what the steps share. */
export interface Attempt {
  claim: Claim;
  writer: AttemptWriter;
  order: StopOrder;
  /** null: this worker doesn't know the lane. */
  lane: LaneProvider | null;
  /** Text of the job so far: kept for one that ends without an output. */
  text: string;
  /** A response that runs at the provider, and the number of its last event that was journalled. */
  response: { id: string; cursor: number } | null;
  /** Calls that may have been paid for nothing, those of earlier attempts included. */
  ambiguousCalls: number;
  /** The provider has been asked by this attempt. */
  called: boolean;
  /** What the run has cost, earlier attempts included. */
  bill: Bill;
  /** The call that is under way or was the last. */
  billed: BilledCall | null;
}

export async function runAttempt(parts: WorkerParts, release: ReleaseData, lockLost: AbortSignal): Promise<Outcome> {
  const order = new StopOrder();
  lockLost.addEventListener('abort', () => order.give('overtaken'));
  const unlist = parts.running.add(release.jobId, order);
  try {
    const claimed = await claimJob(parts, release, order);
    if ('kind' in claimed) return claimed;
    const outcome = await work(parts, claimed);
    await settleRun(parts, claimed, outcome);
    report(parts.logger, claimed, outcome);
    return outcome;
  } finally {
    unlist();
  }
}

async function work(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const deadline = startDeadline(attempt);
  try {
    admitAttempt(parts, attempt);
    const call = await prepareCall(parts, attempt);
    const answer = await callProvider(attempt, call);
    return await finishJob(attempt, answer);
  } catch (error) {
    return await concludeAttempt(parts, attempt, error);
  } finally {
    clearTimeout(deadline);
  }
}

async function claimJob(
  { journal, clock, providers, prices, logger }: WorkerParts,
  { jobId, release }: ReleaseData,
  order: StopOrder,
): Promise<Attempt | Outcome> {
  const reply = await journal.claim(jobId, release);
  if (reply.kind === 'ended' && reply.leftOver) {
    const { lane, responseId } = reply.leftOver;
    await endResponse(providers.get(lane)?.provider, responseId, logger);
  }
  // A stale release and a forgotten job are nobody's any more: acknowledging them takes them off the queue.
  if (reply.kind !== 'claimed') return { kind: 'ended' };
  const { claim } = reply;
  const writer = new AttemptWriter({
    clock,
    jobId,
    attempt: claim.attempt,
    life: claim.life,
    seq: claim.seq,
    onCancelRequested: () => order.give('cancelled'),
    onRefused: () => order.give('overtaken'),
  });
  const { response, ambiguous } = claim.calls;
  const lane = providers.get(claim.lane) ?? null;
  const bill = new Bill(prices, claim);
  return {
    claim,
    writer,
    order,
    lane,
    text: '',
    response,
    ambiguousCalls: ambiguous,
    called: false,
    bill,
    billed: null,
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
  const { claim, order, lane, response } = attempt;
  if (claim.cancelRequested) order.give('cancelled');
  else if (claim.deadlineInMs !== null && claim.deadlineInMs <= 0) order.give('deadline');
  order.signal.throwIfAborted();
  if (claim.crashes >= crashLimit) {
    throw new AttemptError('crash_limit', `${claim.crashes} workers vanished while they ran this job.`);
  }
  // The last worker left a call behind that can neither be taken up nor repeated under its key.
  if (!claim.calls.open || response || lane?.idempotent) return;
  attempt.ambiguousCalls += 1;
  attempt.bill.writeOffLeftOver();
  if (claim.request.on_ambiguous === 'fail') {
    throw new AttemptError(
      'ambiguous_call',
      'A provider call broke off, and may have been paid for; see on_ambiguous.',
    );
  }
}

async function prepareCall({ tasks, journal }: WorkerParts, attempt: Attempt): Promise<PreparedCall> {
  const { claim, lane } = attempt;
  const task = tasks.get(claim.request.task);
  // Accepted by an API with other settings than this worker's: nothing a retry on this worker would change.
  if (!task) throw new AttemptError('internal_error', `This worker knows no task "${claim.request.task}".`);
  if (!lane) throw new AttemptError('internal_error', `This worker knows no lane "${claim.lane}".`);
  if (attempt.response) attempt.text = await readText(journal, claim.jobId);
  return { lane, endpoint: task.endpoint, body: claim.request.input };
}

function report(logger: Logger, { claim }: Attempt, outcome: Outcome): void {
  const fields = {
    jobId: claim.jobId,
    attempt: claim.attempt,
    tenant: claim.tenant,
    outcome: outcome.kind,
    ...('error' in outcome ? { code: outcome.error.code, status: outcome.error.status } : {}),
    ...('delayMs' in outcome ? { delayMs: outcome.delayMs } : {}),
  };
  if (outcome.kind === 'failed' || outcome.kind === 'lost') logger.warn(fields, 'attempt over');
  else logger.info(fields, 'attempt over');
}
