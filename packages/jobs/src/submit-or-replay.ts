/**
 * Submits a valid job, or finds the job that its idempotency key names already:
 *
 *   1. limits    what the tenant may do. While they are not known, or Redis is nearly full, jobs are found and none is created
 *   2. submit    one durable script. It finds the job; or it admits the new one (requests, waiting jobs, budgets), writes its record
 *                and first event, joins an equal job where the client asked for that, and enters the scheduler
 *   3. dispatch  what may run now is handed to BullMQ
 *   4. replay    a job that was found is the answer to the same body only; another body is refused
 *
 * A crash before 2 leaves nothing. From 2 on the job waits in the scheduler, whichever process dies.
 */
import { type Limits, RequestError } from '@holdfast/core';
import { explainRefusal, type TenantLimits, type warnOfUnpriced } from '@holdfast/gate';
import { isSentAtOnce, type NewJob, type OwnedJob, type SubmitReply } from '@holdfast/journal';
import { type DurabilityMode, type DurableWrites, isOutOfMemory, type MemoryWatch } from '@holdfast/redis';
import type { JobCell, TenantCells } from './cells.ts';
import { type EstimateNeeds, estimateFirstCall } from './first-call.ts';
import { queueFull } from './queue-full.ts';
import { findReplay, type SentBody } from './replay.ts';

export interface SubmitNeeds extends EstimateNeeds {
  cells: TenantCells;
  limits: Pick<TenantLimits, 'of'>;
  memory: Pick<MemoryWatch, 'isNearlyFull' | 'markFull'>;
  writes: Pick<DurableWrites, 'run'>;
  durability: DurabilityMode;
  warnOfUnpriced: ReturnType<typeof warnOfUnpriced>;
}

type Requests = SubmitReply['requests'];

export interface AcceptedSubmit {
  kind: 'accepted';
  result: 'accepted' | 'joined' | 'cached' | 'replayed';
  found: OwnedJob;
  requests: Requests;
}

export interface RefusedSubmit {
  kind: 'refused';
  /** For the metric. */
  result: string;
  refusal: RequestError;
  requests: Requests;
}

export type SubmitOutcome = AcceptedSubmit | RefusedSubmit;

type FoundSubmit = Extract<SubmitReply, { kind: 'found' }>;

/** @throws RequestError `durability_unmet`, and what the connection throws: the job may or may not exist then */
export async function submitOrReplay(needs: SubmitNeeds, job: NewJob, body: SentBody): Promise<SubmitOutcome> {
  const cell = needs.cells.of(job.tenant);
  for (;;) {
    const outcome = await submitOrFind(needs, cell, job);
    if (outcome.kind !== 'found') return outcome;
    const replay = await findReplay(cell.journal, job, body, outcome.found);
    if (replay === 'other_body') return refused(keyReused(), outcome.requests, 'key_reused');
    if (replay) return { kind: 'accepted', result: 'replayed', found: replay, requests: outcome.requests };
    // The job was deleted meanwhile: this one is submitted as new.
  }
}

async function submitOrFind(needs: SubmitNeeds, cell: JobCell, job: NewJob): Promise<SubmitOutcome | FoundSubmit> {
  const { memory, writes } = needs;
  const limits = await needs.limits.of(job.tenant).catch(asRefusal);
  if (limits instanceof RequestError) return findOnly(writes, cell, job, {}, limits);
  if (memory.isNearlyFull) return findOnly(writes, cell, job, limits, queueFull());
  try {
    return await submit(needs, cell, job, limits);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    memory.markFull();
    return findOnly(writes, cell, job, limits, queueFull());
  }
}

/** What is wrong with the tenant itself is a refusal like any other. */
function asRefusal(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  throw error;
}

async function submit(
  needs: SubmitNeeds,
  { journal, queue }: JobCell,
  job: NewJob,
  limits: Limits,
): Promise<SubmitOutcome | FoundSubmit> {
  const { model, estimate } = estimateFirstCall(needs, job.request.task, job.request.input);
  needs.warnOfUnpriced(job.tenant, model, estimate, limits);
  const admission = {
    limits,
    areNewer: queue.areNewer(job.tenant, limits),
    estimateUsd: estimate?.usd ?? null,
  };
  const submitting = needs.writes.run((redis) => journal.over(redis).submit(job, admission));
  // Right behind it on the same connection, so that the job is dispatched in the same round trip. `dispatch` below does so again
  // where the submit took another way.
  queue.dispatch(job.lane);
  const reply = await submitting;
  if (reply.kind === 'found') return reply;
  const { requests } = reply;
  if (reply.kind === 'refused') return refused(explainRefusal(reply.refusal, { limits, requests, estimate }), requests);
  queue.limitsStored(job.tenant, limits);
  const isDispatched = reply.queue === job.lane && needs.durability !== 'replica' && isSentAtOnce(job);
  queue.dispatch(...(isDispatched ? [] : [reply.queue]), ...reply.unblocked);
  return {
    kind: 'accepted',
    result: reply.result,
    found: { tenant: job.tenant, trace: job.trace ?? null, job: reply.job, large: null },
    requests,
  };
}

/** Creates nothing, but still finds a job that exists. @param why the refusal, where none exists */
async function findOnly(
  writes: SubmitNeeds['writes'],
  { journal, ledger }: Pick<JobCell, 'journal' | 'ledger'>,
  job: NewJob,
  limits: Limits,
  why: RequestError,
): Promise<RefusedSubmit | FoundSubmit> {
  const [found, requests] = await Promise.all([
    writes.run((redis) => journal.over(redis).find(job.id)),
    // Only for the headers: the answer does without where this fails.
    ledger.requestsLeft(job.tenant, limits).catch(() => null),
  ]);
  return found ? { kind: 'found', found, requests } : refused(why, requests);
}

function refused(refusal: RequestError, requests: Requests, result: string = refusal.code): RefusedSubmit {
  return { kind: 'refused', result, refusal, requests };
}

function keyReused(): RequestError {
  return new RequestError(
    'idempotency_key_reused',
    'This Idempotency-Key names a job with another body. Send the same body, or another key.',
    { param: 'Idempotency-Key' },
  );
}
