/**
 * After step 7 of an attempt that ended its job: what was set aside for the run becomes what it has cost. Before it:
 * `finish-job.ts` or `conclude-attempt.ts`.
 *
 * The end is in the journal by then. A crash here leaves a reservation, which `settle-ended-jobs.ts` settles from the
 * record a minute later.
 */
import { hasEnded, type Outcome } from '@holdfast/core';
import type { Attempt, WorkerParts } from './run-attempt.ts';

export async function settleRun({ ledger, logger }: WorkerParts, attempt: Attempt, outcome: Outcome): Promise<void> {
  const { claim, bill } = attempt;
  if (!hasEnded(outcome.kind) || claim.reservation === '') return;
  try {
    await ledger.settle(claim.tenant, claim.jobId, claim.reservation, bill.spent);
  } catch (error) {
    logger.warn({ jobId: claim.jobId, error }, 'ended, but not settled; it is after a minute');
  }
}
