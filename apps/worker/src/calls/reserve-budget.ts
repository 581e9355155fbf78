/**
 * Before a call leaves, what the run may have cost with it is set aside at its tenant's budgets:
 *
 *   spent so far + what each open call may cost + what this call may cost  ≤  reserved
 *
 * What was reserved when the job was admitted is enough for the first call of a first attempt, and the ledger isn't asked. A
 * further call of a task, a try after one that may have been paid for, a dearer provider, and a follower that takes over need
 * more. Where a budget has no room, the call isn't made, and what the run doesn't need without it is free for others;
 * it fails as `budget_exceeded`, which is worth another try where only others' reservations are in the way.
 *
 * A crash after it leaves more reserved than is spent, which the job's end settles.
 */
import type { OverBudget } from '@holdfast/cell';
import { AttemptError, type JsonObject, type Limits, type ProviderEndpoint } from '@holdfast/core';
import { estimateCall, explainOverBudget, sayUsd } from '@holdfast/gate';
import type { Attempt, WorkerParts } from '../attempt/run-attempt.ts';

interface NextCall {
  id: string;
  endpoint: ProviderEndpoint;
  body: JsonObject;
}

/** @returns why the call must not leave: `budget_exceeded`, or that the ledger can't be asked */
export async function reserveBudget(
  parts: WorkerParts,
  attempt: Attempt,
  call: NextCall,
): Promise<AttemptError | null> {
  const { bill, calls, claim } = attempt;
  const { usd } = estimateCall(parts.prices, call.endpoint, call.body);
  // No price is known: no budget counts it.
  if (usd === null) return null;
  const keptUsd = bill.mayCost(calls.values());
  bill.expect(call.id, usd);
  const inAll = bill.mayCost(calls.values());
  if (inAll <= attempt.reservedUsd) return null;
  try {
    const limits = await parts.limits.of(claim.tenant);
    const over = await parts.ledger.increaseReservation(claim, { usd: inAll, keptUsd }, limits);
    attempt.reservedUsd = over ? Math.min(attempt.reservedUsd, keptUsd) : Math.max(attempt.reservedUsd, inAll);
    if (over === null) return null;
    bill.expectNoMore(call.id);
    return overBudget(over, limits, { usd, inAll });
  } catch (error) {
    bill.expectNoMore(call.id);
    // What the store says while it fails over is none of the job's doing.
    const message = 'What the call may cost could not be reserved.';
    return new AttemptError('internal_error', message, { retryable: true, cause: error });
  }
}

function overBudget(over: OverBudget, limits: Limits, { usd, inAll }: { usd: number; inAll: number }): AttemptError {
  const { message, ...when } = explainOverBudget(over, limits, null);
  const costs = `A further call may cost ${sayUsd(usd)}, and the job ${sayUsd(inAll)} with it.`;
  return new AttemptError('budget_exceeded', `${costs} ${message}`, when);
}
