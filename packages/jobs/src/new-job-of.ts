/** Makes a job of the body of a submit: its task, its input and its lane are checked. Nothing is stored of one that is refused here. */
import { hash } from 'node:crypto';
import {
  type Caller,
  jobIdFor,
  type Lanes,
  laneFor,
  RequestError,
  type SubmitRequest,
  submitRequestSchema,
  type TraceContext,
  validationError,
} from '@holdfast/core';
import { estimateTokens } from '@holdfast/gate';
import type { NewJob } from '@holdfast/journal';
import { modelOf, type Task } from '@holdfast/tasks';
import type { SentBody } from './replay.ts';
import { sharedOf } from './shared-answer.ts';

type Tasks = ReadonlyMap<string, Task>;

/** For whom a job is made: the tenant, and the tasks that its key may use; null: all. */
export type JobOwner = Pick<Caller, 'tenant' | 'tasks'>;

export interface NewJobNeeds {
  tasks: Tasks;
  lanes: Lanes;
}

interface Submitted {
  owner: JobOwner;
  /** The idempotency key; null: there is none, and the job is a new one. */
  key: string | null;
  body: SentBody;
  requestId: string;
  /** Of the request that submits it; null: it has none. */
  trace: TraceContext | null;
}

/** @throws RequestError what is wrong with the body, with the name of the field */
export function newJobOf({ tasks, lanes }: NewJobNeeds, { owner, key, body, requestId, trace }: Submitted): NewJob {
  const submit = parseSubmit(body);
  const task = findTask(tasks, owner, submit.task);
  checkInput(task, submit);
  return {
    id: jobIdFor(owner.tenant, key),
    tenant: owner.tenant,
    lane: findLane(lanes, task, submit),
    request: submit,
    requestText: body.text,
    digest: hash('sha256', body.text, 'base64url'),
    tokens: estimateTokens(Buffer.byteLength(body.text), submit.input),
    shared: sharedOf(owner.tenant, task, submit),
    requestId,
    trace,
  };
}

export function mayUse({ tasks }: Pick<JobOwner, 'tasks'>, task: string): boolean {
  return tasks?.includes(task) ?? true;
}

function parseSubmit({ value }: SentBody): SubmitRequest {
  const parsed = submitRequestSchema.safeParse(value);
  if (!parsed.success) throw validationError(parsed.error);
  return parsed.data;
}

function findTask(tasks: Tasks, owner: JobOwner, name: string): Task {
  const task = tasks.get(name);
  if (!task) {
    const known = [...tasks.keys()].filter((known) => mayUse(owner, known)).join(', ');
    throw new RequestError('unknown_task', `There is no task "${name}". Tasks: ${known}.`, { param: 'task' });
  }
  if (!mayUse(owner, task.name)) {
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
