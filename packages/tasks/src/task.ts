/** A task: what a client may ask for, by name, and what a worker runs for it. */
import type { JsonObject, JsonValue, ProviderEndpoint, TaskTypes } from '@holdfast/core';
import type { z } from 'zod';
import type { TaskHost } from './context/task-host.ts';

/**
 * What tells a task from anything else: a repository of tasks may have another copy of this package than the worker that runs
 * them, so it can't be told by its class. The value is the version of what `Task` and `TaskHost` promise each other.
 */
export const TASK_BRAND = Symbol.for('holdfast.task');
export const TASK_VERSION = 1;

export interface Task {
  readonly [TASK_BRAND]: number;
  readonly name: string;
  /** File and line that define it; null: it is built in, or that can't be told. */
  readonly place: string | null;
  /** One sentence, shown to clients. */
  readonly summary: string;
  /** Checks a job's `input` at submit, so that what can't work is refused before it is queued or paid for. */
  readonly input: z.ZodType;
  /** What a completed job's `output` fits; null: not said. */
  readonly output: z.ZodType | null;
  /** The model that it calls, and that decides the job's lane; null: the input names it. */
  readonly model: string | null;
  /** The provider's surface that its one call goes to; null: it makes calls as it likes. */
  readonly endpoint: ProviderEndpoint | null;
  /** Equal jobs share an answer that is no older than this, where they don't say otherwise; null: they don't. */
  readonly cache: { ttl_s: number } | null;
  /**
   * One attempt at a job. Resolves with the output.
   * @param input as the client sent it; it fitted `input` when it was submitted
   * @throws AttemptError; whatever else is thrown fails the job as `task_error`
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

/** What its first call will be like, as far as that can be told before it runs. */
export function firstCallOf(task: Task, input: JsonObject): { endpoint: ProviderEndpoint; body: JsonObject } {
  return { endpoint: task.endpoint ?? 'chat.completions', body: { ...input, model: modelOf(task, input) } };
}
