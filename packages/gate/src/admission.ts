/**
 * Whether a tenant's job may come in, to be run for the first time or again. In order:
 *
 *   1. limits    of the tenant, as of at most 3 s ago
 *   2. queued    room among its waiting jobs (`QueuedCap`), where it has a limit of them
 *   3. admit     requests a minute, budgets; what the job may cost is set aside
 *
 * What is refused leaves nothing behind. What is let in is held until the job is accepted (then its end settles it) or
 * `giveBack`; after a crash in between, `apps/worker` frees it.
 */
import { type Limits, type Logger, RequestError } from '@holdfast/core';
import type { CallEstimate } from './estimate-call.ts';
import type { Ledger, Refusal, RequestsLeft } from './ledger.ts';
import { explainNoRoom, sayUsd } from './over-budget.ts';
import type { TenantLimits } from './tenant-limits.ts';

/** Room among a tenant's waiting jobs, exact over all processes. */
export interface QueuedCap {
  /** Takes a place for the job, once however often it is asked. @returns false: `maxQueued` jobs wait already */
  reserveQueued(tenant: string, jobId: string, maxQueued: number): Promise<boolean>;
  /** Gives the place of a job back that isn't going to wait. */
  dropReservation(tenant: string, jobId: string): Promise<void>;
}

export interface Applicant {
  tenant: string;
  jobId: string;
  /** null: a task that names none. */
  model: string | null;
  /** Of its first call; null: it makes none that is known. */
  estimate: CallEstimate | null;
}

export interface Admitted {
  /** The ledger's name for what is set aside: belongs into the job's record. */
  reservation: string;
  requests: RequestsLeft | null;
}

export type Admission = Admitted | { refusal: RequestError; requests: RequestsLeft | null };

export interface AdmissionGate {
  /** Throws what the connection throws: then the job may or may not have been let in. */
  admit(applicant: Applicant): Promise<Admission>;
  /** Undoes an admission whose job was surely not accepted. */
  giveBack(applicant: Applicant, admitted: Admitted): Promise<void>;
  /** Counts nothing. null: the tenant has no limit of requests. Throws what the connection throws. */
  requestsLeft(tenant: string): Promise<RequestsLeft | null>;
}

interface AdmissionOptions {
  ledger: Ledger;
  limits: TenantLimits;
  /** Without one, `max_queued` is not enforced. */
  queued?: QueuedCap;
  logger: Logger;
}

/** Jobs begin to run all the time: so long until another try makes sense. */
const QUEUED_RETRY_MS = 5_000;

/** Model names are the clients' to choose: so many are remembered as said. */
const MAX_SAID = 1_000;

export function createAdmission({ ledger, limits, queued, logger }: AdmissionOptions): AdmissionGate {
  const said = new Set<string>();

  /** Once for each model: the budgets of a tenant that uses it don't hold. */
  function sayUnpriced({ tenant, model, estimate }: Applicant, { budget_usd: budget }: Limits): void {
    if (!budget || model === null || estimate?.usd != null || said.has(model) || said.size >= MAX_SAID) return;
    said.add(model);
    logger.warn({ tenant, model }, 'no price is known for this model: no budget counts it');
  }

  async function admit(applicant: Applicant): Promise<Admission> {
    const { tenant, jobId, estimate } = applicant;
    const own = await limits.of(tenant).catch(refusalIn);
    if (own instanceof RequestError) return { refusal: own, requests: null };
    sayUnpriced(applicant, own);
    const cap = queued && own.max_queued;
    if (cap !== undefined && !(await queued?.reserveQueued(tenant, jobId, cap))) {
      return { refusal: tooManyQueued(cap), requests: await ledger.requestsLeft(tenant, own) };
    }
    const reply = await ledger.admit(tenant, jobId, estimate?.usd ?? null, own);
    if (!('refusal' in reply)) return reply;
    if (cap !== undefined) await queued?.dropReservation(tenant, jobId);
    return { refusal: errorOf(reply.refusal, own, estimate), requests: reply.refusal.requests };
  }

  return {
    admit,
    requestsLeft: async (tenant) => ledger.requestsLeft(tenant, await limits.of(tenant)),
    async giveBack({ tenant, jobId }, { reservation }) {
      await Promise.all([ledger.giveBack(tenant, jobId, reservation), queued?.dropReservation(tenant, jobId)]);
    },
  };
}

/** What is wrong with the tenant itself is a refusal like any other. */
function refusalIn(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  throw error;
}

function tooManyQueued(cap: number): RequestError {
  return new RequestError('too_many_queued', `${cap} jobs wait already: that is this tenant's limit.`, {
    retryable: true,
    retryAfterMs: QUEUED_RETRY_MS,
  });
}

function errorOf({ over, requests }: Refusal, limits: Limits, estimate: CallEstimate | null): RequestError {
  if (over) {
    const usd = estimate?.usd ?? 0;
    const { message, ...when } = explainNoRoom(over, limits, estimate);
    return new RequestError('budget_exceeded', `This job may cost ${sayUsd(usd)}. ${message}`, when);
  }
  const message = `More than ${limits.requests_per_minute} submissions in a minute, runs again included: that is this tenant's limit.`;
  return new RequestError('too_many_requests', message, { retryable: true, retryAfterMs: requests?.resetMs ?? 0 });
}
