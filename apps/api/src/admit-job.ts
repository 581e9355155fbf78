/**
 * The gate, as submitting and running again ask it. What a job may cost is estimated from its body; where no price is known,
 * no budget can refuse it.
 */
import type { JsonObject, ProviderEndpoint } from '@holdfast/core';
import { type Admission, type Admitted, type Applicant, estimateCall } from '@holdfast/gate';
import { readRunCost } from '@holdfast/journal';
import type { ApiParts } from './parts.ts';

/** @param call the first of the task; null: this process doesn't know the task, and nothing is set aside for it */
export function applicantOf(
  { prices }: ApiParts,
  tenant: string,
  jobId: string,
  call: { endpoint: ProviderEndpoint; body: JsonObject } | null,
): Applicant {
  if (!call) return { tenant, jobId, model: null, estimate: null };
  const { endpoint, body } = call;
  return { tenant, jobId, model: String(body.model), estimate: estimateCall(prices, endpoint, body) };
}

/** @throws RequestError `too_many_requests`, `too_many_queued`, `budget_exceeded` */
export function requireAdmitted(admission: Admission): Admitted {
  if ('refusal' in admission) throw admission.refusal;
  return admission;
}

/** For what is surely not accepted. A failure leaves it to the worker's `settle-ended-jobs.ts`. */
export async function giveBack({ gate, logger }: ApiParts, applicant: Applicant, admitted: Admitted): Promise<void> {
  await gate.giveBack(applicant, admitted).catch((error: unknown) => {
    logger.warn({ jobId: applicant.jobId, error }, 'not accepted, and not given back; it is after a minute');
  });
}

/** For a job that turned out to be there: what was set aside is nobody's, unless it is what the job holds itself. */
export async function giveBackOrphan(parts: ApiParts, applicant: Applicant, admitted: Admitted): Promise<void> {
  const run = await readRunCost(parts.journal, applicant.jobId);
  if (run?.reservation !== admitted.reservation) await giveBack(parts, applicant, admitted);
}

/**
 * Settles the run of a job that has ended, where its worker or an earlier request hasn't.
 * @returns what was set aside for that run; '' nothing, or it goes on
 */
export async function settleEnded({ journal, ledger }: ApiParts, jobId: string): Promise<string> {
  const run = await readRunCost(journal, jobId);
  if (!run?.ended || run.reservation === '') return '';
  await ledger.settle(run.tenant, jobId, run.reservation, run.spend);
  return run.reservation;
}
