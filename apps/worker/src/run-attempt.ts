/**
 * Stage 3 of 6: one attempt at a job. Before it: `packages/queue`, which hands over a release; after it:
 * `packages/providers`, and `packages/journal` for what they answer.
 *
 *   1. claim     raise the attempt number; earlier attempts can write nothing any more
 *   2. admit     is it still wanted? not cancelled, in time, not a job that kills its workers
 *   3. prepare   the task's provider call
 *   4. call      journal the beginning, then call; from here on the call may have been paid
 *   5. record    every provider event into the journal, as it comes
 *   6. settle    what it used
 *   7. finish    terminal event and final state, one write
 *
 * Whatever goes wrong in 2 to 6 becomes an outcome in `conclude-attempt.ts`. A crash at any point leaves the job
 * running in its record; BullMQ finds the lock expired, and the next attempt begins at 1.
 */
import { AttemptError, type Logger, type Outcome, type Provider, type RetryPolicy } from '@holdfast/core';
import { AttemptWriter, type Claim, type FlushClock, type Journal } from '@holdfast/journal';
import type { ReleaseData } from '@holdfast/queue';
import type { Task } from '@holdfast/tasks';
import { callProvider } from './call-provider.ts';
import { concludeAttempt } from './conclude-attempt.ts';
import { finishJob } from './finish-job.ts';
import type { RunningAttempts } from './running-attempts.ts';
import { StopOrder } from './stop-order.ts';

export interface WorkerParts {
  journal: Journal;
  clock: FlushClock;
  running: RunningAttempts;
  tasks: ReadonlyMap<string, Task>;
  /** The provider of each lane. */
  providers: ReadonlyMap<string, Provider>;
  retryPolicy: RetryPolicy;
  crashLimit: number;
  random: () => number;
  logger: Logger;
}

/** An attempt under way: what the steps share. */
export interface Attempt {
  claim: Claim;
  writer: AttemptWriter;
  order: StopOrder;
  /** Text of this attempt so far: kept for a job that ends without an output. */
  text: string;
}

export async function runAttempt(parts: WorkerParts, release: ReleaseData, lockLost: AbortSignal): Promise<Outcome> {
  const order = new StopOrder();
  lockLost.addEventListener('abort', () => order.give('overtaken'));
  const unlist = parts.running.add(release.jobId, order);
  try {
    const claimed = await claimJob(parts, release, order);
    if ('kind' in claimed) return claimed;
    const outcome = await work(parts, claimed);
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
    const call = prepareCall(parts, attempt);
    const answer = await callProvider(attempt, call);
    return await finishJob(attempt, answer);
  } catch (error) {
    return await concludeAttempt(parts, attempt, error);
  } finally {
    clearTimeout(deadline);
  }
}

async function claimJob(
  { journal, clock }: WorkerParts,
  { jobId, release }: ReleaseData,
  order: StopOrder,
): Promise<Attempt | Outcome> {
  const reply = await journal.claim(jobId, release);
  // A stale release and a forgotten job are nobody's any more: acknowledging them takes them off the queue.
  if (reply.kind !== 'claimed') return { kind: 'ended' };
  const { claim } = reply;
  const writer = new AttemptWriter({
    clock,
    jobId,
    attempt: claim.attempt,
    seq: claim.seq,
    onCancelRequested: () => order.give('cancelled'),
    onRefused: () => order.give('overtaken'),
  });
  return { claim, writer, order, text: '' };
}

/** setTimeout's longest, about 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function startDeadline({ claim, order }: Attempt): NodeJS.Timeout | undefined {
  // One that has passed is `admitAttempt`'s to find.
  if (claim.deadlineInMs === null || claim.deadlineInMs <= 0) return undefined;
  return setTimeout(() => order.give('deadline'), Math.min(claim.deadlineInMs, LONGEST_TIMER_MS));
}

function admitAttempt({ crashLimit }: WorkerParts, { claim, order }: Attempt): void {
  if (claim.cancelRequested) order.give('cancelled');
  else if (claim.deadlineInMs !== null && claim.deadlineInMs <= 0) order.give('deadline');
  order.signal.throwIfAborted();
  if (claim.crashes >= crashLimit) {
    throw new AttemptError('crash_limit', `${claim.crashes} workers vanished while they ran this job.`);
  }
}

function prepareCall({ tasks, providers }: WorkerParts, { claim }: Attempt) {
  const task = tasks.get(claim.request.task);
  const provider = providers.get(claim.lane);
  // Accepted by an API with other settings than this worker's: nothing a retry on this worker would change.
  if (!task) throw new AttemptError('internal_error', `This worker knows no task "${claim.request.task}".`);
  if (!provider) throw new AttemptError('internal_error', `This worker knows no lane "${claim.lane}".`);
  return { provider, endpoint: task.endpoint, body: claim.request.input };
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
