/**
 * Stage 1 of 6: submit. Before it: `packages/client`; after it: `packages/queue`.
 *
 *   1. validate  who asks (again, once the body has arrived), idempotency key, body, task, input: `validate-submit.ts`
 *   2. submit    one durable script creates the job and dispatches it, or finds it: `packages/jobs`
 *   3. answer    202 new, 200 the key names it already, 422 another body under the same key, 429 refused by a limit
 *
 * A crash in 1 leaves nothing. Once the script of 2 has run, the job waits in the scheduler, whichever process dies.
 */
import { RequestError, type Span } from '@holdfast/core';
import { type AcceptedSubmit, type SubmitNeeds, type SubmitOutcome, submitOrReplay } from '@holdfast/jobs';
import type { NewJob } from '@holdfast/journal';
import type { Request, Response } from '@holdfast/service/http';
import type { CallerHandler } from '../access/authenticate.ts';
import { setRateLimitHeaders } from '../http/rate-limit-headers.ts';
import type { SendJob } from '../http/send-job.ts';
import { storeError } from '../http/store-error.ts';
import type { Statistics } from '../statistics.ts';
import { type ValidateNeeds, validateSubmit } from './validate-submit.ts';

interface SubmitRoute extends ValidateNeeds, SubmitNeeds {
  statistics: Pick<Statistics, 'submitOver'>;
  sendJob: SendJob;
}

export function submitJob(route: SubmitRoute): CallerHandler {
  return async (request, response) => {
    const submission = await validateSubmit(route, request);
    noteJob(request, response, submission.job);
    const outcome = await submitOrReplay(route, submission.job, submission.body).catch((error: unknown) => {
      route.statistics.submitOver(submission.job.tenant, codeOf(error));
      throw error;
    });
    if (request.span) noteOutcome(request.span, outcome);
    route.statistics.submitOver(submission.job.tenant, outcome.result);
    setRateLimitHeaders(response, outcome.requests);
    if (outcome.kind === 'refused') throw outcome.refusal;
    await route.sendJob(response, submission.caller, answerTo(outcome));
  };
}

/** Of what the caller is answered; whether the job was created isn't known then. */
function codeOf(error: unknown): string {
  if (error instanceof RequestError) return error.code;
  return storeError(error)?.code ?? 'internal_error';
}

function noteJob({ span }: Request, response: Response, { id: jobId, tenant, request, lane, trace }: NewJob): void {
  response.about = { tenant, jobId, ...(trace ? { traceId: trace.traceId } : {}) };
  span?.set({
    'holdfast.job.id': jobId,
    'holdfast.tenant': tenant,
    'holdfast.task': request.task,
    'holdfast.lane': lane,
  });
}

/** A job that was there already is in the trace of the request that created it. */
function noteOutcome(span: Span, outcome: SubmitOutcome): void {
  span.set({ 'holdfast.submit.result': outcome.result });
  if (outcome.kind === 'accepted' && outcome.result === 'replayed' && outcome.found.trace)
    span.link(outcome.found.trace);
}

function answerTo({ result, found }: AcceptedSubmit) {
  const location = found.job.links.self;
  if (result !== 'replayed') return { status: 202, found, headers: { location } };
  return { status: 200, found, headers: { location, 'idempotent-replayed': 'true' } };
}
