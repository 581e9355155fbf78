/** Validates a submit: who asks, the idempotency key, the body, its task and input. Nothing is stored of a request refused here. */
import { hash } from 'node:crypto';
import {
  type Caller,
  jobIdFor,
  type Lanes,
  laneFor,
  parseIdempotencyKey,
  RequestError,
  type SubmitRequest,
  submitRequestSchema,
} from '@holdfast/core';
import { estimateTokens } from '@holdfast/gate';
import type { NewJob } from '@holdfast/journal';
import { type JsonBody, type Request, readJsonBody, validationError } from '@holdfast/service';
import { modelOf, type Task } from '@holdfast/tasks';
import { callerOf, type FindCaller } from '../access/authenticate.ts';
import { mayUse } from '../access/own-job.ts';
import { callersTrace } from '../http/request-span.ts';
import { sharedOf } from './shared-answer.ts';

type Tasks = ReadonlyMap<string, Task>;

export interface ValidateNeeds {
  findCaller: FindCaller;
  maxBodyBytes: number;
  tasks: Tasks;
  lanes: Lanes;
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
  const submit = parseSubmit(body);
  const task = findTask(needs.tasks, caller, submit.task);
  checkInput(task, submit);
  const job: NewJob = {
    id: jobIdFor(caller.tenant, key),
    tenant: caller.tenant,
    lane: findLane(needs.lanes, task, submit),
    request: submit,
    requestText: body.text,
    digest: hash('sha256', body.text, 'base64url'),
    tokens: estimateTokens(Buffer.byteLength(body.text), submit.input),
    shared: sharedOf(caller.tenant, task, submit),
    requestId: request.requestId,
    // Where no traces are exported here, the job still keeps its caller's: a worker may export some.
    trace: request.span?.context ?? callersTrace(request),
  };
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

function parseSubmit({ value }: JsonBody): SubmitRequest {
  const parsed = submitRequestSchema.safeParse(value);
  if (!parsed.success) throw validationError(parsed.error);
  return parsed.data;
}

function findTask(tasks: Tasks, caller: Caller, name: string): Task {
  const task = tasks.get(name);
  if (!task) {
    const known = [...tasks.keys()].filter((known) => mayUse(caller, known)).join(', ');
    throw new RequestError('unknown_task', `There is no task "${name}". Tasks: ${known}.`, { param: 'task' });
  }
  if (!mayUse(caller, task.name)) {
    throw new RequestError('forbidden', `This API key may not submit "${task.name}".`, { param: 'task' });
  }
  return task;
}

function checkInput(task: Task, { input }: SubmitRequest): void {
  const parsed = task.input.safeParse(input);
  if (!parsed.success) throw validationError(parsed.error, 'input');
}

function findLane(lanes: Lanes, task: Task, { input }: SubmitRequest): string {
  const model = modelOf(task, input);
  const lane = laneFor(lanes, model);
  if (!lane) {
    const param = task.model === null ? 'input.model' : 'task';
    throw new RequestError('unknown_model', `No lane serves the model "${model}".`, { param });
  }
  return lane;
}
