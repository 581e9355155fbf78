/** Validates a submit: who asks, the idempotency key, and the body. Nothing is stored of a request refused here. */
import { type Caller, parseIdempotencyKey, RequestError } from '@holdfast/core';
import { type NewJobNeeds, newJobOf } from '@holdfast/jobs';
import type { NewJob } from '@holdfast/journal';
import { type JsonBody, type Request, readJsonBody } from '@holdfast/service/http';
import { callerOf, type FindCaller } from '../access/authenticate.ts';
import { callersTrace } from '../http/request-span.ts';

export interface ValidateNeeds extends NewJobNeeds {
  findCaller: FindCaller;
  maxBodyBytes: number;
}

/** A valid submit. */
export interface Submission {
  caller: Caller;
  job: NewJob;
  body: JsonBody;
}

/** @throws RequestError what is wrong with the request, with the name of the field */
export async function validateSubmit(needs: ValidateNeeds, request: Request): Promise<Submission> {
  const key = idempotencyKeyOf(request);
  const body = await readJsonBody(request, needs.maxBodyBytes);
  // A body may take 30 s to arrive, and its API key may be revoked meanwhile.
  const caller = await callerOf(needs.findCaller, request);
  // Where no traces are exported here, the job still keeps its caller's: a worker may export some.
  const trace = request.span?.context ?? callersTrace(request);
  const job = newJobOf(needs, { owner: caller, key, body, requestId: request.requestId, trace });
  return { caller, job, body };
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
