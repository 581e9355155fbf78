/** A task: what a client may ask for, by name, and what a worker runs for it. */
import type { JsonObject, JsonValue, ProviderEndpoint, TaskTypes } from '@holdfast/core';
import type { z } from 'zod';
import type { TaskHost } from './context/task-host.ts';

/**
 * Marks a task. The user's repository may have another copy of this package than the worker, so `instanceof` would fail. The value
 * is the version of the contract between `Task` and `TaskHost`.
 */
export const TASK_BRAND = Symbol.for('holdfast.task');
export const TASK_VERSION = 1;

export interface Task {
  readonly [TASK_BRAND]: number;
  readonly name: string;
  /** File and line that define it; null: it is built in, or they are not known. */
  readonly place: string | null;
  /** One sentence, shown to clients. */
  readonly summary: string;
  /** Checks a job's `input` at submit: what can't work is refused before it is queued or paid. */
  readonly input: z.ZodType;
  /** What a completed job's `output` fits; null: any JSON. */
  readonly output: z.ZodType | null;
  /** The model that it asks, which decides the job's lane; null: the input names it. */
  readonly model: string | null;
  /** The provider's surface that its one call goes to; null: it makes its own calls. */
  readonly endpoint: ProviderEndpoint | null;
  /** Equal jobs share an answer that is not older than this, unless the job says otherwise; null: they don't. */
  readonly cache: { ttl_s: number } | null;
  /**
   * One attempt at a job. Resolves with the output.
   * @param input as the client sent it; it fitted `input` when it was submitted
   * @throws AttemptError; anything else that is thrown fails the job as `task_error`
   */
  run(input: JsonObject, host: TaskHost): Promise<JsonValue>;
}

/** A task whose name, input and output TypeScript knows: `Holdfast<typeof tasks>` of `@holdfast/client` is typed by them. */
export type TypedTask<Name extends string, Input, Output> = Task & TaskTypes<Name, Input, Output>;

/** Whether `defineTask` made it, in whatever copy of this package. */
export function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && TASK_BRAND in value;
}

/** The model that a job is for. @param input fits the task's schema */
export function modelOf(task: Task, input: JsonObject): string {
  return task.model ?? String(input.model);
}

/** An estimate of its first call, before it runs: what is reserved for it. */
export function firstCallOf(task: Task, input: JsonObject): { endpoint: ProviderEndpoint; body: JsonObject } {
  return { endpoint: task.endpoint ?? 'chat.completions', body: { ...input, model: modelOf(task, input) } };
}
