/**
 * What a refused submit is told. Whether a tenant's job may come in is asked of its cell, in the script that creates the job
 * (`packages/cell/src/lua/admission.ts`): requests a minute, waiting jobs, budgets.
 */
import type { Refusal, RequestsLeft } from '@holdfast/cell';
import { type Limits, type Logger, RequestError } from '@holdfast/core';
import type { CallEstimate } from './estimate-call.ts';
import { explainOverBudget, sayUsd } from './over-budget.ts';

interface Refused {
  limits: Limits;
  requests: RequestsLeft | null;
  /** Of its first call; null: it makes none that is known. */
  estimate: CallEstimate | null;
}

/** Jobs begin to run all the time: so long until another try makes sense. */
const QUEUED_RETRY_MS = 5_000;

/** @returns RequestError `too_many_queued`, `too_many_requests`, `budget_exceeded` */
export function explainRefusal(refusal: Refusal, { limits, requests, estimate }: Refused): RequestError {
  switch (refusal.limit) {
    case 'queued':
      return new RequestError(
        'too_many_queued',
        `${limits.max_queued} jobs wait already: that is this tenant's limit.`,
        {
          retryable: true,
          retryAfterMs: QUEUED_RETRY_MS,
        },
      );
    case 'requests': {
      const message = `More than ${limits.requests_per_minute} submissions in a minute, runs again included: that is this tenant's limit.`;
      return new RequestError('too_many_requests', message, { retryable: true, retryAfterMs: requests?.resetMs ?? 0 });
    }
    case 'budget': {
      const { message, ...when } = explainOverBudget(refusal.over, limits, estimate);
      return new RequestError('budget_exceeded', `This job may cost ${sayUsd(estimate?.usd ?? 0)}. ${message}`, when);
    }
  }
}

/** Model names are the clients' to choose: so many are remembered as said. */
const MAX_SAID = 1_000;

/** Warns once for each model that has no price: the budgets of a tenant that uses it don't hold. */
export function warnOfUnpriced(logger: Logger) {
  const said = new Set<string>();
  return (
    tenant: string,
    model: string | null,
    estimate: CallEstimate | null,
    { budget_usd: budget }: Limits,
  ): void => {
    if (!budget || model === null || estimate?.usd != null || said.has(model) || said.size >= MAX_SAID) return;
    said.add(model);
    logger.warn({ tenant, model }, 'no price is known for this model: no budget counts it');
  };
}
