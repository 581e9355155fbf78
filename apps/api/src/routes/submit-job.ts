/**
 * Stage 1 of 6: submit. Before it: `packages/client`; after it: `packages/queue`.
 *
 *   1. authenticate  whose key is it (`authenticate.ts`)
 *   2. validate      body, task, input; nothing is stored of what doesn't fit
 *   3. place         where it asks to share an answer: is there an equal job to follow? (`place-job.ts`)
 *   4. admit         limits and budgets of the tenant (`packages/gate`); not asked for a job that is there already, so
 *                   that refreshes re-attach whatever the tenant has used up
 *   5. accept        record and first event, durable; or the job that the key names already;
 *                   while Redis is nearly full only the latter
 *   6. enqueue       it waits its turn in its tenant's backlog
 *   7. answer        202 new, 200 there already, 422 another body under the same key
 *
 * A crash or a failure between 4 and 5 leaves what was set aside for a job that isn't there: `settle-ended-jobs.ts` of
 * `apps/worker` gives it back after a minute. One between 5 and 6 leaves an accepted job that the queue doesn't know: the
 * worker's sweeper hands it over. So from 5 on the answer is "accepted".
 */
import { createHash } from 'node:crypto';
import {
  type Caller,
  canonicalJson,
  type JsonValue,
  jobIdFor,
  laneFor,
  parseIdempotencyKey,
  RequestError,
  type SubmitRequest,
  submitRequestSchema,
} from '@holdfast/core';
import { estimateTokens } from '@holdfast/gate';
import { type AcceptedBefore, jobNotFound, type NewJob } from '@holdfast/journal';
import { isOutOfMemory } from '@holdfast/redis';
import { type JsonBody, type Request, type Response, readJsonBody, validationError } from '@holdfast/service';
import { firstCallOf, modelOf } from '@holdfast/tasks';
import { applicantOf, giveBack, giveBackOrphan, requireAdmitted } from '../admit-job.ts';
import { mayUse } from '../own-job.ts';
import type { ApiParts } from '../parts.ts';
import { leavePlace, ownPlace, type Placed, placeJob, sharedOf } from '../place-job.ts';
import { setRateLimitHeaders, tellRequestsLeft } from '../rate-limit-headers.ts';
import { sendJob } from '../send-job.ts';
import { queueFull } from '../store-error.ts';

export async function submitJob(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const key = idempotencyKeyOf(request);
  const body = await readJsonBody(request, parts.maxBodyBytes);
  const job = describeJob(parts, caller, key, body);
  // A random id can't be there yet.
  const isThere = key !== null && (await parts.journal.acceptedBefore(job.id)) !== null;
  const placed = isThere ? ownPlace(job) : await placeJob(parts, job);
  const there = isThere ? await findAgain(parts, job, body, response) : null;
  const before = there ?? (await admitAndAccept(parts, placed, body, response));
  const replayed = before !== null;
  const [accepted] = await Promise.all([
    parts.journal.look(job.id),
    replayed ? null : enqueueJob(parts, placed.job, placed.job),
  ]);
  if (!accepted) throw jobNotFound(job.id);
  // Nobody has begun it: the first submit may have died before it was enqueued. Enqueueing twice does nothing.
  if (replayed && accepted.job.status === 'queued' && accepted.job.attempt === 0) {
    await enqueueJob(parts, job, before);
  }
  parts.metrics.submits.inc({ result: replayed ? 'replayed' : placed.result });
  response.setHeader('location', accepted.job.links.self);
  if (replayed) response.setHeader('idempotent-replayed', 'true');
  sendJob(response, caller, replayed ? 200 : 202, accepted.job);
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
  const digest = createHash('sha256').update(text).digest('base64url');
  const shared = sharedOf(caller.tenant, task, request);
  const id = jobIdFor(caller.tenant, key);
  const tokens = estimateTokens(Buffer.byteLength(text), request.input);
  return { id, tenant: caller.tenant, lane, request, requestText: text, digest, release: Date.now(), tokens, shared };
}

/** Steps 4 and 5. Of requests under one key that come at once each is admitted, and they count and cost as one. */
async function admitAndAccept(
  parts: ApiParts,
  { job }: Placed,
  body: JsonBody,
  response: Response,
): Promise<AcceptedBefore | null> {
  const { gate, tasks, memory, metrics } = parts;
  // Nothing new comes in then, and being let in is itself a write.
  if (memory.isNearlyFull) return acceptJob(parts, job, body);
  const { task, input } = job.request;
  const known = tasks.get(task);
  const asked = applicantOf(parts, job.tenant, job.id, known ? firstCallOf(known, input) : null);
  // A follower makes no call; one that comes to take over has to be let in for it by then.
  const applicant = job.queue ? { ...asked, model: null, estimate: null } : asked;
  const admission = await gate.admit(applicant);
  setRateLimitHeaders(response, admission.requests);
  if ('refusal' in admission) {
    metrics.submits.inc({ result: admission.refusal.code });
    await leavePlace(parts, job);
  }
  const admitted = requireAdmitted(admission);
  try {
    const before = await acceptJob(parts, { ...job, reservation: admitted.reservation }, body);
    if (before) await giveBackOrphan(parts, applicant, admitted);
    return before;
  } catch (error) {
    // Whatever else is thrown here may have been said by a store that has accepted the job.
    if (error instanceof RequestError && surelyNotAccepted.has(error.code)) {
      await Promise.all([giveBack(parts, applicant, admitted), leavePlace(parts, job)]);
    }
    throw error;
  }
}

const surelyNotAccepted: ReadonlySet<string> = new Set(['queue_full', 'idempotency_key_reused']);

/**
 * A job that was there already: no limit holds it up. null: it has been forgotten since, and has to be let in.
 * @throws RequestError `idempotency_key_reused`
 */
async function findAgain(
  parts: ApiParts,
  job: NewJob,
  body: JsonBody,
  response: Response,
): Promise<AcceptedBefore | null> {
  const { journal, writes } = parts;
  const [before] = await Promise.all([
    writes.run((redis) => journal.over(redis).acceptedBefore(job.id)),
    tellRequestsLeft(parts, response, job.tenant),
  ]);
  return sameJob(parts, job, body, before);
}

/** What was there already, or null. @throws RequestError `idempotency_key_reused`, `queue_full` */
async function acceptJob(parts: ApiParts, job: NewJob, body: JsonBody): Promise<AcceptedBefore | null> {
  return sameJob(parts, job, body, await acceptWhereRoom(parts, job));
}

/** @throws RequestError `idempotency_key_reused` */
async function sameJob(
  { journal, metrics }: ApiParts,
  job: NewJob,
  body: JsonBody,
  before: AcceptedBefore | null,
): Promise<AcceptedBefore | null> {
  if (before === null || before.digest === job.digest) return before;
  // Other bytes may still be the same request: other spaces, other order of members.
  const stored = await journal.requestText(job.id);
  if (stored === null) throw jobNotFound(job.id);
  if (canonicalJson(JSON.parse(stored) as JsonValue) === canonicalJson(body.value)) return before;
  metrics.submits.inc({ result: 'key_reused' });
  throw new RequestError(
    'idempotency_key_reused',
    'This Idempotency-Key names a job with another body. Send the same body, or another key.',
    { param: 'Idempotency-Key' },
  );
}

/** Creates nothing while Redis is nearly full, and still finds what is there. @throws RequestError `queue_full`, `durability_unmet` */
async function acceptWhereRoom(parts: ApiParts, job: NewJob): Promise<AcceptedBefore | null> {
  const { journal, writes, memory, metrics } = parts;
  if (!memory.isNearlyFull) {
    try {
      return await writes.run((redis) => journal.over(redis).accept(job));
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      memory.sawFull();
    }
  }
  const before = await writes.run((redis) => journal.over(redis).acceptedBefore(job.id));
  if (before) return before;
  metrics.submits.inc({ result: 'queue_full' });
  throw queueFull();
}

async function enqueueJob(
  { queue, logger }: ApiParts,
  job: NewJob,
  { release, queue: waitsIn }: Pick<NewJob, 'release' | 'queue'>,
): Promise<void> {
  const { id: jobId, tenant, tokens, request } = job;
  const lane = waitsIn || job.lane;
  try {
    const { delay_ms: delayMs = 0, priority = 0, deadline_ms: deadlineInMs = null } = request;
    await queue.enqueue({ jobId, release, lane, tenant, tokens, delayMs, deadlineInMs, priority, again: false });
  } catch (error) {
    logger.warn({ jobId, error }, 'accepted but not enqueued; the sweeper will');
  }
}
