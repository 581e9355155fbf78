/**
 * What is known outside of an attempt: one log line, with the id of the HTTP request that submitted its job (the API's log has the same),
 * the metrics of its begin and its end, and its span.
 */
import { followersLane, type Logger, type Outcome } from '@holdfast/core';
import type { Claim } from '@holdfast/journal';
import { modelOf, type Task } from '@holdfast/tasks';
import type { RunCost } from '../cost/run-cost.ts';
import type { WorkerObserver } from '../observe/worker-observer.ts';

interface ReportedAttempt {
  claim: Claim;
  cost: Pick<RunCost, 'spent'>;
  /** On the clock of `performance.now()`. */
  claimedAt: number;
  trace: { end(outcome?: Outcome): void };
  logger: Logger;
}

interface ReportDeps {
  tasks: ReadonlyMap<string, Task>;
  observer: WorkerObserver;
}

/** Runs the attempt and reports it. Throws what `run` throws. */
export async function reported<Deps extends ReportDeps, Attempt extends ReportedAttempt>(
  deps: Deps,
  attempt: Attempt,
  run: (deps: Deps, attempt: Attempt) => Promise<Outcome>,
): Promise<Outcome> {
  const { observer, tasks } = deps;
  observer.attemptBegun(attempt.claim);
  try {
    const outcome = await run(deps, attempt);
    observer.attemptOver(attempt.claim, outcome.kind);
    observeEnd(attempt, observer, outcome);
    logAttempt(attempt, tasks, outcome);
    attempt.trace.end(outcome);
    return outcome;
  } catch (error) {
    observer.attemptOver(attempt.claim, 'threw');
    attempt.trace.end();
    throw error;
  }
}

/** Where the attempt has ended its job. */
function observeEnd({ claim, cost, claimedAt }: ReportedAttempt, observer: WorkerObserver, outcome: Outcome): void {
  const { kind } = outcome;
  if (kind !== 'completed' && kind !== 'failed' && kind !== 'cancelled') return;
  const { tenant, lane, request, ageMs } = claim;
  const error = kind === 'failed' ? outcome.error : null;
  observer.jobEnded({
    tenant,
    lane,
    task: request.task,
    outcome: kind,
    code: error?.code ?? null,
    provider: error?.provider ?? null,
    seconds: (ageMs + performance.now() - claimedAt) / 1_000,
  });
  const isCopied = kind === 'completed' && claim.queue === followersLane;
  if (isCopied) observer.answerCopied(tenant, cost.spent.avoided_usd - claim.spent.avoided_usd);
}

function logAttempt(attempt: ReportedAttempt, tasks: ReadonlyMap<string, Task>, outcome: Outcome): void {
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
