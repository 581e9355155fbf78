/**
 * A follower that is to make the call itself, because its leader failed, was cancelled, deleted or lost: it goes into its
 * own lane's queue, as any other job. Before it: `follow-leader.ts`, which has got the lead.
 *
 * Nothing was reserved for its call while it followed: that is done before the call leaves (`reserve-budget.ts`), or the job
 * fails as `budget_exceeded`, and another follower gets the lead. A crash before the write leaves a follower that has the lead,
 * and its next attempt comes here again.
 */
import { AttemptError, type Outcome } from '@holdfast/core';
import { defer } from './conclude-attempt.ts';
import type { Attempt, WorkerParts } from './run-attempt.ts';

export async function takeOver(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const error = new AttemptError('leader_lost', 'No equal job answers for this one any more: it runs itself.', {
    retryable: true,
  });
  return defer(parts, attempt, error, 0, true);
}
