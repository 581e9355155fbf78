/**
 * What a run may cost, reserved in its tenant's budgets. Owns the sum that is surely reserved. Before a call leaves:
 *
 *   spent so far + what each open call may cost + what this call may cost  ≤  reserved
 *
 * What was reserved at submit covers the first call of a first attempt, without asking the ledger. More is needed by a further
 * call of a task, a call after one that may have been paid, a more expensive provider, and a follower that takes over. Where a
 * budget has no room, the call isn't made, and what the run doesn't need without it is released; the call fails as
 * `budget_exceeded`, which is worth another try where only other jobs' reservations are in the way.
 *
 * A crash after the reservation leaves more reserved than is spent; the end of the job corrects that.
 */
import type { OverBudget } from '@holdfast/cell';
import { AttemptError, type JsonObject, type Limits, type ProviderEndpoint } from '@holdfast/core';
import { explainOverBudget, formatUsd, type Ledger, type TenantLimits } from '@holdfast/gate';
import type { Claim } from '@holdfast/journal';
import type { ProviderCalls } from '../calls/provider-calls.ts';
import type { RunCost } from './run-cost.ts';

interface ReservationOptions {
  claim: Claim;
  ledger: Ledger;
  limits: TenantLimits;
  cost: RunCost;
  calls: ProviderCalls;
  onRefused: (why: OverBudget['why']) => void;
}

interface NextCall {
  id: string;
  endpoint: ProviderEndpoint;
  body: JsonObject;
}

export class BudgetReservation {
  readonly #options: ReservationOptions;
  #reservedUsd: number;

  constructor(options: ReservationOptions) {
    this.#options = options;
    this.#reservedUsd = options.claim.reservedUsd;
  }

  /** @returns why the call must not leave: `budget_exceeded`, or that the ledger didn't answer; null: it is covered */
  async cover({ id, endpoint, body }: NextCall): Promise<AttemptError | null> {
    const { cost, calls } = this.#options;
    const usd = cost.estimate(endpoint, body);
    // No price is known: no budget counts it.
    if (usd === null) return null;
    const withoutUsd = cost.mayCost(calls.open());
    cost.expect(id, usd);
    const withUsd = cost.mayCost(calls.open());
    if (withUsd <= this.#reservedUsd) return null;
    const refusal = await this.#increase(usd, withUsd, withoutUsd);
    if (refusal) cost.dropExpected(id);
    return refusal;
  }

  async #increase(usd: number, withUsd: number, withoutUsd: number): Promise<AttemptError | null> {
    const { claim, ledger, limits: tenantLimits } = this.#options;
    try {
      const limits = await tenantLimits.of(claim.tenant);
      const over = await ledger.increaseReservation(claim, { usd: withUsd, keptUsd: withoutUsd }, limits);
      if (over) {
        this.#options.onRefused(over.why);
        this.#reservedUsd = Math.min(this.#reservedUsd, withoutUsd);
        return overBudget(over, limits, usd, withUsd);
      }
      this.#reservedUsd = Math.max(this.#reservedUsd, withUsd);
      return null;
    } catch (error) {
      // A store that fails over says this: it isn't the job's fault.
      const message = 'What the call may cost could not be reserved.';
      return new AttemptError('internal_error', message, { retryable: true, cause: error });
    }
  }
}

function overBudget(over: OverBudget, limits: Limits, usd: number, inAll: number): AttemptError {
  const { message, ...when } = explainOverBudget(over, limits, null);
  const costs = `A further call may cost ${formatUsd(usd)}, and the job ${formatUsd(inAll)} with it.`;
  return new AttemptError('budget_exceeded', `${costs} ${message}`, when);
}
