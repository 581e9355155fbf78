/**
 * Explains why a submit was refused. The cell decides, in the script that creates the job, by the limits of requests a minute,
 * waiting jobs and budgets (`packages/cell/src/lua/admission.ts`).
 */
import type { Refusal, RequestsLeft } from '@holdfast/cell';
import { type Limits, type Logger, RequestError } from '@holdfast/core';
import type { CallEstimate } from './estimate-call.ts';
import { explainOverBudget, formatUsd } from './over-budget.ts';

interface Refused {
  limits: Limits;
  requests: RequestsLeft | null;
  /** Of the first call; null: not known. */
  estimate: CallEstimate | null;
}

/** Jobs begin to run all the time, so a retry makes sense soon. */
const QUEUED_RETRY_MS = 5_000;

/** @returns RequestError `too_many_queued`, `too_many_requests`, `budget_exceeded` */
export function explainRefusal(refusal: Refusal, { limits, requests, estimate }: Refused): RequestError {
  switch (refusal.limit) {
    case 'queued':
      return new RequestError(
        'too_many_queued',
        `This tenant has reached its limit of ${limits.max_queued} waiting jobs (max_queued). Send it again when some have begun.`,
        {
          retryable: true,
          retryAfterMs: QUEUED_RETRY_MS,
        },
      );
    case 'requests': {
      const message = `This tenant has reached its limit of ${limits.requests_per_minute} submits and retries a minute (requests_per_minute).`;
      return new RequestError('too_many_requests', message, { retryable: true, retryAfterMs: requests?.resetMs ?? 0 });
    }
    case 'budget': {
      const { message, ...when } = explainOverBudget(refusal.over, limits, estimate);
      return new RequestError(
        'budget_exceeded',
        `This job may cost ${formatUsd(estimate?.usd ?? 0)}. ${message}`,
        when,
      );
    }
  }
}

/** How many models are remembered: clients choose their names. */
const MAX_WARNED = 1_000;

/** Warns once for each model without a price, because budgets don't count its calls. */
export function warnOfUnpriced(logger: Logger) {
  const warned = new Set<string>();
  return (
    tenant: string,
    model: string | null,
    estimate: CallEstimate | null,
    { budget_usd: budget }: Limits,
  ): void => {
    if (!budget || model === null || estimate?.usd != null || warned.has(model) || warned.size >= MAX_WARNED) return;
    warned.add(model);
    logger.warn({ tenant, model }, 'the config file has no price for this model: budgets do not count it');
  };
}
