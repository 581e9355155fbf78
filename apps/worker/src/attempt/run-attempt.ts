/**
 * Stage 3 of 6: one attempt at a job. Before it: `packages/queue`, which hands over a release; after it:
 * `packages/providers`, and `packages/journal` for what they answer.
 *
 *   1. claim      raise the attempt number; earlier attempts can write nothing any more
 *   2. admit      is it still wanted? `admit-attempt.ts`
 *   3. prepare    the task, and what earlier attempts have left: `prepare-task.ts`
 *   4. execute    the task's code and its provider calls, into the journal as they come: `execute-task.ts`
 *   5. conclude   decide how the attempt ends: `conclude-attempt.ts`
 *   6. finish     last event, final state and cost, in one write: `finish-attempt.ts`
 *
 * A follower's attempt has no steps 3 and 4: it copies another job's answer (`followers/follow-leader.ts`).
 *
 * A crash at any point leaves the job running in its record. BullMQ finds the lock expired, and the next attempt begins at 1.
 */
import { followersLane, type Outcome, type ReleaseName } from '@holdfast/core';
import { followLeader } from '../followers/follow-leader.ts';
import { admitAttempt } from './admit-attempt.ts';
import { type AttemptResult, resultOf } from './attempt-result.ts';
import { type AttemptFacts, concludeAttempt } from './conclude-attempt.ts';
import { executeTask } from './execute-task.ts';
import { finishAttempt } from './finish-attempt.ts';
import { type AttemptDeps, type OpenAttempt, openAttempt, openHost } from './open-attempt.ts';
import { prepareTask } from './prepare-task.ts';
import { reported } from './report-attempt.ts';
import { StopSignal } from './stop-signal.ts';

export async function runAttempt(deps: AttemptDeps, release: ReleaseName, lockLost: AbortSignal): Promise<Outcome> {
  const stop = new StopSignal();
  lockLost.addEventListener('abort', () => stop.stop('fenced'));
  const unlist = deps.running.add(release.jobId, stop);
  try {
    const reply = await deps.journal.claim(release.jobId, release.release, deps.worker);
    // Nobody has a stale release or a deleted job any more: acknowledging it takes it off the queue.
    if (reply.kind !== 'claimed') return { kind: 'ended' };
    return await reported(deps, openAttempt(deps, reply.claim, stop), runClaimed);
  } finally {
    unlist();
  }
}

/** Steps 2 to 6. */
async function runClaimed(deps: AttemptDeps, attempt: OpenAttempt): Promise<Outcome> {
  const result = await resultOf(attempt.stop, attempt.toError, async () => {
    admitAttempt(attempt, deps.crashLimit);
    if (attempt.claim.queue === followersLane) return followLeader(deps, attempt);
    return execute(deps, attempt);
  });
  closeAttempt(attempt, result);
  return finishAttempt(attempt, concludeAttempt(result, factsOf(deps, attempt)));
}

async function execute(deps: AttemptDeps, attempt: OpenAttempt): Promise<AttemptResult> {
  const { maxAnswerBytes, showsTaskErrors } = deps;
  const { claim, stop, logger } = attempt;
  const prepared = prepareTask(attempt, deps.tasks);
  if (prepared.kind === 'put_back') return prepared;
  const { task, lane } = prepared;
  const host = openHost(deps, attempt, task, lane);
  return executeTask({ claim, task, host, stop, logger, maxAnswerBytes, showsTaskErrors });
}

/** Nothing of it runs any more; only its end is still to be written. */
function closeAttempt({ deadline, permit, lane }: OpenAttempt, result: AttemptResult): void {
  deadline.clear();
  permit.release();
  if (result.kind === 'failed') permit.slowDown(result.error, namesOf(lane));
}

function factsOf({ retryPolicy, random }: AttemptDeps, attempt: OpenAttempt): AttemptFacts {
  const { claim, failures, calls, lane, tried, deadline } = attempt;
  return {
    claim,
    lastError: failures.anyError(),
    possiblyCharged: calls.possiblyCharged,
    providers: namesOf(lane),
    tried,
    leftMs: deadline.leftMs,
    retryPolicy,
    random,
  };
}

function namesOf(lane: OpenAttempt['lane']): string[] {
  return lane?.providers.map(({ provider }) => provider.name) ?? [];
}
