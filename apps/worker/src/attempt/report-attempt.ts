/** One log line for each attempt, with the id of the HTTP request that submitted its job: the API's log has the same. */
import type { Logger, Outcome } from '@holdfast/core';
import type { Claim } from '@holdfast/journal';
import { modelOf, type Task } from '@holdfast/tasks';
import type { RunCost } from '../cost/run-cost.ts';

interface ReportedAttempt {
  claim: Claim;
  cost: Pick<RunCost, 'spent'>;
  /** On the clock of `performance.now()`. */
  claimedAt: number;
  logger: Logger;
}

export function reportAttempt(attempt: ReportedAttempt, tasks: ReadonlyMap<string, Task>, outcome: Outcome): void {
  const { claim, cost, claimedAt, logger } = attempt;
  const { jobId, tenant, requestId, waitedMs, request } = claim;
  const task = tasks.get(request.task);
  const { spent } = cost;
  const fields = {
    jobId,
    attempt: claim.attempt,
    tenant,
    requestId,
    outcome: outcome.kind,
    ...('error' in outcome ? { code: outcome.error.code, status: outcome.error.status } : {}),
    ...('delayMs' in outcome ? { delayMs: outcome.delayMs } : {}),
    ms: Math.round(performance.now() - claimedAt),
    waitedMs,
    model: task && modelOf(task, request.input),
    // Of this attempt alone: the lines of earlier attempts have theirs.
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
