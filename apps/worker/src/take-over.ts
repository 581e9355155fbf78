/**
 * A follower that is to make the call itself, because its leader failed, was cancelled, forgotten or lost: it goes into its
 * own lane's queue, as any other job. Before it: `follow-leader.ts`, which has got the lead.
 *
 * Nothing was set aside for its call while it followed: that is done now, or the job fails as `budget_exceeded`. A crash
 * before the last write leaves a follower that has the lead, and its next attempt comes here again.
 */
import { AttemptError, type Outcome } from '@holdfast/core';
import { estimateCall } from '@holdfast/gate';
import { giveUpLead } from '@holdfast/journal';
import { firstCallOf } from '@holdfast/tasks';
import { requeue } from './conclude-attempt.ts';
import type { Attempt, WorkerParts } from './run-attempt.ts';

export async function takeOver(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const reservation = await setAside(parts, attempt);
  const error = new AttemptError('leader_lost', 'No equal job answers for this one any more: it runs itself.', {
    retryable: true,
  });
  const next = await requeue(attempt, error, 0, { queue: '', reservation }, attempt.claim.lane);
  return { kind: 'deferred', next };
}

/** @returns the reservation in force @throws AttemptError `budget_exceeded` */
async function setAside({ journal, ledger, limits, prices, tasks }: WorkerParts, { claim }: Attempt): Promise<string> {
  const { tenant, jobId, reservation, request, shared } = claim;
  const task = tasks.get(request.task);
  if (!task) return reservation;
  const { endpoint, body } = firstCallOf(task, request.input);
  const { usd } = estimateCall(prices, endpoint, body);
  const { budget_usd } = await limits.of(tenant);
  // As a follower it was let in for nothing.
  await ledger.drop(tenant, jobId, reservation);
  const reply = await ledger.admit(tenant, jobId, usd, budget_usd ? { budget_usd } : {});
  if (!('refusal' in reply)) return reply.reservation;
  if (shared) await giveUpLead(journal, { jobId, digest: shared.digest });
  throw new AttemptError('budget_exceeded', `The tenant's budget of the ${reply.refusal.reason} is used up.`);
}
