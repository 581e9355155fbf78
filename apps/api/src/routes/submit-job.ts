/**
 * Stage 1 of 6: submit. Before it: `packages/client`; after it: `packages/queue`.
 *
 *   1. authenticate  whose key is it (`authenticate.ts`); again when the body has come
 *   2. validate      body, task, input; nothing is stored of what doesn't fit
 *   3. submit        one script, durable: the job that the key names already; or its tenant's limits and budgets, record and first
 *                    event, its place among equal jobs and in the scheduler. While Redis is nearly full, or nobody knows the
 *                    tenant's limits, only the former
 *   4. answer        202 new, 200 there already, 422 another body under the same key; meanwhile it is dispatched
 *
 * A crash before 3 leaves nothing. From 3 on the job waits in the scheduler, whoever dies.
 */
import { hash } from 'node:crypto';
import {
  type Caller,
  canonicalJson,
  type JsonValue,
  jobIdFor,
  type Limits,
  laneFor,
  parseIdempotencyKey,
  RequestError,
  type SubmitRequest,
  submitRequestSchema,
} from '@holdfast/core';
import { estimateTokens, explainRefusal } from '@holdfast/gate';
import { type FoundJob, isSentAtOnce, type NewJob, type OwnedJob, type SubmitReply } from '@holdfast/journal';
import { isOutOfMemory } from '@holdfast/redis';
import { type JsonBody, type Request, type Response, readJsonBody, validationError } from '@holdfast/service';
import { modelOf } from '@holdfast/tasks';
import { callerOf } from '../access/authenticate.ts';
import { mayUse } from '../access/own-job.ts';
import { estimateFirstCall } from '../first-call.ts';
import { setRateLimitHeaders, showRequestsLeft } from '../http/rate-limit-headers.ts';
import { sendJob } from '../http/send-job.ts';
import { sharedOf } from '../http/shared-answer.ts';
import { queueFull } from '../http/store-error.ts';
import type { ApiCell, ApiParts } from '../parts.ts';

export async function submitJob(parts: ApiParts, request: Request, response: Response): Promise<void> {
  const key = idempotencyKeyOf(request);
  const body = await readJsonBody(request, parts.maxBodyBytes);
  // A body may take 30 s to come, and its key may be revoked meanwhile.
  const caller = await callerOf(parts, request);
  const job = { ...describeJob(parts, caller, key, body), requestId: request.requestId };
  response.about = { tenant: job.tenant, jobId: job.id };
  await submitDescribed(parts, job, body, response, caller);
}

async function submitDescribed(
  parts: ApiParts,
  job: NewJob,
  body: JsonBody,
  response: Response,
  caller: Caller,
): Promise<void> {
  const reply = await submitOrFind(parts, job, response);
  if (reply.kind === 'found') return answerFound(parts, job, body, reply.found, response, caller);
  const { queue } = parts.cells.of(job.tenant);
  const isDispatched = reply.queue === job.lane && parts.durability !== 'replica' && isSentAtOnce(job);
  queue.dispatch(...(isDispatched ? [] : [reply.queue]), ...reply.unblocked);
  const found: OwnedJob = { tenant: job.tenant, job: reply.job, large: null };
  await answer(parts, found, reply.result, response, caller);
}

async function answer(
  parts: ApiParts,
  found: OwnedJob,
  result: string,
  response: Response,
  caller: Caller,
): Promise<void> {
  const replayed = result === 'replayed';
  parts.metrics.submits.inc({ result });
  const headers = { location: found.job.links.self, ...(replayed ? { 'idempotent-replayed': 'true' } : {}) };
  await sendJob(parts, response, caller, { status: replayed ? 200 : 202, found, headers });
}

/** One that is deleted meanwhile is submitted anew. @throws RequestError `idempotency_key_reused` */
async function answerFound(
  parts: ApiParts,
  job: NewJob,
  body: JsonBody,
  found: FoundJob,
  response: Response,
  caller: Caller,
): Promise<void> {
  const { journal } = parts.cells.of(job.tenant);
  const isSame = await hasSameBody(parts, job, body, found);
  if (isSame === false) throw keyReused(parts);
  // A job that has not ended has no answer yet: what was found is all of it.
  const isOpen = found.job.status === 'queued' || found.job.status === 'running';
  const open: OwnedJob = {
    tenant: found.tenant,
    job: { ...found.job, output: null, output_text: null },
    large: null,
  };
  const whole = isSame && (isOpen ? open : await journal.get(job.id));
  if (!whole) return submitDescribed(parts, job, body, response, caller);
  await answer(parts, whole, 'replayed', response, caller);
}

function idempotencyKeyOf(request: Request): string | null {
  const values = request.headersDistinct['idempotency-key'] ?? [];
  if (values.length > 1) {
    throw new RequestError('invalid_idempotency_key', 'Idempotency-Key is there more than once; send one.', {
      param: 'Idempotency-Key',
    });
  }
  return values[0] === undefined ? null : parseIdempotencyKey(values[0]);
}

function describeJob(
  { tasks, lanes }: ApiParts,
  caller: Caller,
  key: string | null,
  { text, value }: JsonBody,
): NewJob {
  const parsed = submitRequestSchema.safeParse(value);
  if (!parsed.success) throw validationError(parsed.error);
  const request: SubmitRequest = parsed.data;
  const task = tasks.get(request.task);
  if (!task) {
    const known = [...tasks.keys()].filter((name) => mayUse(caller, name)).join(', ');
    throw new RequestError('unknown_task', `There is no task "${request.task}". Tasks: ${known}.`, { param: 'task' });
  }
  if (!mayUse(caller, task.name)) {
    throw new RequestError('forbidden', `This API key may not submit "${task.name}".`, { param: 'task' });
  }
  const input = task.input.safeParse(request.input);
  if (!input.success) throw validationError(input.error, 'input');
  const model = modelOf(task, request.input);
  const lane = laneFor(lanes, model);
  if (!lane) {
    const param = task.model === null ? 'input.model' : 'task';
    throw new RequestError('unknown_model', `No lane serves the model "${model}".`, { param });
  }
  const { tenant } = caller;
  const tokens = estimateTokens(Buffer.byteLength(text), request.input);
  const digest = hash('sha256', text, 'base64url');
  const shared = sharedOf(tenant, task, request);
  return { id: jobIdFor(tenant, key), tenant, lane, request, requestText: text, digest, tokens, shared };
}

type Submitted = Exclude<SubmitReply, { kind: 'refused' }>;

/** @throws RequestError why the job may not come in; `durability_unmet` */
async function submitOrFind(parts: ApiParts, job: NewJob, response: Response): Promise<Submitted> {
  const { limits, memory } = parts;
  const own = await limits.of(job.tenant).catch(refusalIn);
  if (own instanceof RequestError) return findOnly(parts, job, response, {}, own);
  // Nothing new comes in then: what memory is left is for what runs.
  if (memory.isNearlyFull) return findOnly(parts, job, response, own, queueFull);
  try {
    return await submit(parts, job, response, own);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    memory.sawFull();
    return findOnly(parts, job, response, own, queueFull);
  }
}

/** What is wrong with the tenant itself is a refusal like any other. */
function refusalIn(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  throw error;
}

async function submit(parts: ApiParts, job: NewJob, response: Response, limits: Limits): Promise<Submitted> {
  const { writes, metrics } = parts;
  const { journal, queue } = parts.cells.of(job.tenant);
  const { model, estimate } = estimateFirstCall(parts, job.request.task, job.request.input);
  parts.warnOfUnpriced(job.tenant, model, estimate, limits);
  const areNewer = queue.areNewer(job.tenant, limits);
  const admission = { limits, areNewer, estimateUsd: estimate?.usd ?? null };
  const submitting = writes.run((redis) => journal.over(redis).submit(job, admission));
  // Right behind it on the same connection, so that it is dispatched in the same round trip; `submitDescribed` does so again for
  // one that went elsewhere.
  queue.dispatch(job.lane);
  const reply = await submitting;
  setRateLimitHeaders(response, reply.requests);
  if (reply.kind === 'created') queue.havePassedOn(job.tenant, limits);
  if (reply.kind !== 'refused') return reply;
  const refusal = explainRefusal(reply.refusal, { limits, requests: reply.requests, estimate });
  metrics.submits.inc({ result: refusal.code });
  throw refusal;
}

/** Creates nothing, and still finds what is there. @throws RequestError `why`, where there is nothing */
async function findOnly(
  parts: ApiParts,
  job: NewJob,
  response: Response,
  limits: Limits,
  why: RequestError | (() => RequestError),
): Promise<Submitted> {
  const cell: ApiCell = parts.cells.of(job.tenant);
  const [found] = await Promise.all([
    parts.writes.run((redis) => cell.journal.over(redis).find(job.id)),
    showRequestsLeft(cell, response, job.tenant, limits),
  ]);
  if (found) return { kind: 'found', requests: null, found };
  const refusal = typeof why === 'function' ? why() : why;
  parts.metrics.submits.inc({ result: refusal.code });
  throw refusal;
}

/** null: the job has been deleted meanwhile. */
async function hasSameBody(parts: ApiParts, job: NewJob, body: JsonBody, found: FoundJob): Promise<boolean | null> {
  if (found.digest === job.digest) return true;
  // Other bytes may still be the same request: other spaces, other order of members.
  const stored = await parts.cells.of(job.tenant).journal.requestText(job.id);
  return stored === null ? null : canonicalJson(JSON.parse(stored) as JsonValue) === canonicalJson(body.value);
}

function keyReused({ metrics }: ApiParts): RequestError {
  metrics.submits.inc({ result: 'key_reused' });
  return new RequestError(
    'idempotency_key_reused',
    'This Idempotency-Key names a job with another body. Send the same body, or another key.',
    { param: 'Idempotency-Key' },
  );
}
