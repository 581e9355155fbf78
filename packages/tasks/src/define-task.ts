/**
 * Defines a task. Prompts, models and keys stay on the server; a client sends `{ task, input }`. One run of it:
 *
 *   1. check     the input, once more; the schema's defaults are filled in
 *   2. run       the author's function. It may run again after a crash: see `TaskContext.step`
 *   3. check     the output. One that doesn't fit the schema, or is not JSON, fails the job as `output_invalid`
 */
import { AttemptError, type JsonObject, type JsonValue } from '@holdfast/core';
import type { z } from 'zod';
import { findNonJson } from './answer/find-non-json.ts';
import { callSiteOf } from './context/call-site.ts';
import { createContext } from './context/create-context.ts';
import type { TaskContext } from './context/task-context.ts';
import type { TaskHost } from './context/task-host.ts';
import { describeIssues } from './describe-issues.ts';
import { TASK_BRAND, TASK_VERSION, type TypedTask } from './task.ts';
import { TaskError } from './task-error.ts';

const TASK_NAME = /^[a-z0-9][\w.-]{0,127}$/i;

export interface TaskDefinition<Name extends string, Input extends z.ZodType, Output extends z.ZodType> {
  /** The name that clients submit: letters, digits, `.`, `_` and `-`, up to 128. */
  name: Name;
  /** One sentence, shown to clients. */
  summary: string;
  /** The model that is asked. The config file can name another: `tasks.<name>.model`. */
  model: string;
  input: Input;
  /** What the output must fit. Default: any JSON. */
  output?: Output;
  /**
   * Equal jobs of a tenant, by task and input, share one answer: they join a running one, or get the answer of one that completed
   * up to `ttl_s` seconds ago. A job's own `cache` wins. Use it only if the answer depends on the input alone. Default: none.
   */
  cache?: { ttl_s: number };
  run(input: z.output<Input>, ctx: TaskContext): Promise<z.input<Output>>;
}

/**
 * Makes a task. Export it from a module that `task_files` of the config file names.
 * @throws RangeError where the name doesn't fit
 */
export function defineTask<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType = z.ZodType<JsonValue, JsonValue>,
>(definition: TaskDefinition<Name, Input, Output>): TypedTask<Name, z.input<Input>, z.output<Output>> {
  const { name, summary, model, input, output = null, cache = null } = definition;
  if (!TASK_NAME.test(name)) {
    const expected = 'letters, digits, ".", "_" and "-", beginning with a letter or digit, up to 128';
    throw new RangeError(`"${name}" is not a name for a task: expected ${expected}`);
  }
  return {
    [TASK_BRAND]: TASK_VERSION,
    name,
    place: callSiteOf(defineTask),
    summary,
    model,
    endpoint: null,
    input,
    output,
    cache,
    run: (given, host) => runDefined(definition, given, host),
  };
}

async function runDefined<Input extends z.ZodType, Output extends z.ZodType>(
  { input: inputSchema, output: outputSchema, run }: TaskDefinition<string, Input, Output>,
  given: JsonObject,
  host: TaskHost,
): Promise<JsonValue> {
  const input = inputSchema.safeParse(given);
  // An API process that had another version of the task accepted it.
  if (!input.success)
    throw new TaskError('The input no longer fits the task: the task has changed since the job was submitted.');
  await host.begin();
  // Code that ignores the signal must not delay the end of the attempt.
  const output = await Promise.race([createContext(host).run((ctx) => run(input.data, ctx)), whenAborted(host.signal)]);
  if (!outputSchema) return jsonOf(output ?? null);
  const checked = outputSchema.safeParse(output);
  if (checked.success) return jsonOf(checked.data ?? null);
  throw new AttemptError('output_invalid', `The task's output does not fit: ${describeIssues(checked.error)}.`);
}

/** The output as JSON. Optional members that are undefined are left out. @throws AttemptError `output_invalid` */
function jsonOf(output: unknown): JsonValue {
  const fault = findNonJson(output, { allowsUndefinedMembers: true });
  if (!fault) return output as JsonValue;
  const place = fault.path === '' ? 'it' : `"${fault.path}" of it`;
  throw new AttemptError('output_invalid', `The task's output must be JSON, but ${place} is ${fault.what}.`);
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
