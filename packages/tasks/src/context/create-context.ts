/**
 * The context that a task runs in. It gives every call and step an id that is the same in every attempt:
 *
 *   a step   its path: the names of the steps around it and its own
 *   a call   the path of its step, a digest of the request, and a number among equal requests
 *
 * The digest tells calls apart that run side by side, whichever comes first. After a deploy that changed the request, the call is
 * another one and is made anew. The step of a call is known by its asynchronous context (`AsyncLocalStorage`).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject, type JsonValue } from '@holdfast/core';
import type { z } from 'zod';
import type { Structure } from '../answer/answer-format.ts';
import { emptyAnswer } from '../answer/empty-answer.ts';
import { findNonJson } from '../answer/find-non-json.ts';
import { generateObject } from '../answer/generate-object.ts';
import { requestBody } from '../request/request-body.ts';
import { simulatorInstructions } from '../request/simulator-instructions.ts';
import { TaskError } from '../task-error.ts';
import type { GenerateOptions, StructuredOptions, TaskContext } from './task-context.ts';
import type { TaskHost } from './task-host.ts';

/** Of a step's result as JSON. */
const MAX_RESULT_BYTES = 256 * 1024;
const STEP_NAME = /^[\w.:-]{1,64}$/;
const MAX_PATH_LENGTH = 128;
const STEP_NAME_RULE = `expected 1 to 64 letters, digits, ".", "_", ":" or "-", and ${MAX_PATH_LENGTH} with the steps around it`;

interface Scope {
  /** '' outside of steps. */
  path: string;
  steps: Set<string>;
  /** Number of calls so far, by the digest of the request. */
  calls: Map<string, number>;
  /** What readers have seen of the calls inside. */
  text: string;
}

const scopes = new AsyncLocalStorage<Scope>();
const scopeAt = (path: string): Scope => ({ path, steps: new Set(), calls: new Map(), text: '' });

export function createContext(host: TaskHost) {
  const { jobId, attempt, metadata, signal, logger } = host;
  const root = scopeAt('');
  const context: TaskContext = {
    jobId,
    attempt,
    metadata,
    signal,
    logger,
    generate: ((options: AnyOptions) =>
      handled(generate(host, scopes.getStore() ?? root, options))) as TaskContext['generate'],
    step: (name, work) => handled(runStep(host, scopes.getStore() ?? root, name, work)),
  };
  return { run: <Result>(work: (ctx: TaskContext) => Promise<Result>) => scopes.run(root, () => work(context)) };
}

/** A task may forget to await this. A rejection that nobody handles would end the process. */
function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}

type AnyOptions = GenerateOptions & Partial<StructuredOptions<z.ZodType>>;

async function generate(host: TaskHost, scope: Scope, options: AnyOptions) {
  const { model = host.model, schema, stream = scope.path === '' } = options;
  if (model !== host.model && !host.serves(model)) {
    throw new TaskError(`generate: the job's lane doesn't serve the model "${model}". Name one of the same lane.`);
  }
  const call = async (id: string, body: JsonObject, visible: boolean) => {
    const { value, text } = await host.call({ id, model, body, visible });
    scope.text += text;
    return value;
  };
  const bodyOf = (asked: GenerateOptions, structure?: Structure) =>
    requestBody(
      host.endpoint,
      { metadata: simulatorInstructions(host.metadata, host.jobId), ...asked, model },
      structure,
    );
  if (schema) {
    return generateObject(schema, options, {
      model,
      formats: host.answerFormats,
      pose: (asked, answerSchema) => {
        // The id doesn't depend on the format: a worker that doesn't know the model's format yet must find the stored answer.
        const id = callId(scope, bodyOf(asked, { schema: answerSchema, format: 'json_schema' }));
        return (format) => call(id, bodyOf(asked, { schema: answerSchema, format }), false);
      },
    });
  }
  const body = bodyOf(options);
  const ask = () => call(callId(scope, body), body, stream);
  const text = (await ask()) ?? (await ask());
  if (text === null) throw emptyAnswer();
  return text;
}

function callId({ path, calls }: Scope, body: JsonObject): string {
  const digest = createHash('sha256').update(canonicalJson(body)).digest('hex').slice(0, 12);
  const number = (calls.get(digest) ?? 0) + 1;
  calls.set(digest, number);
  return `${path === '' ? '' : `${path}/`}${digest}.${number}`;
}

async function runStep<Result extends JsonValue | undefined>(
  host: TaskHost,
  around: Scope,
  name: string,
  work: () => Promise<Result> | Result,
): Promise<Result> {
  const path = pathOf(around, name);
  const stored = await host.replayStep(path);
  if (stored) {
    around.text += stored.text;
    return stored.value as Result;
  }
  const scope = scopeAt(path);
  const value = plainJson(path, await scopes.run(scope, async () => work()));
  around.text += scope.text;
  await host.completeStep(path, { value, text: scope.text });
  return value as Result;
}

function pathOf({ path: around, steps }: Scope, name: string): string {
  const path = around === '' ? name : `${around}/${name}`;
  if (!STEP_NAME.test(name) || path.length > MAX_PATH_LENGTH)
    throw new TaskError(`"${path}" is not a name for a step: ${STEP_NAME_RULE}.`);
  if (steps.has(name))
    throw new TaskError(
      `The step "${path}" comes twice in one run. Give each step a name of its own, such as "part-1".`,
    );
  steps.add(name);
  return path;
}

/**
 * The value as a later attempt will get it. This attempt gets the same, so that both go on alike.
 * @throws TaskError if it is not JSON, or more than MAX_RESULT_BYTES
 */
function plainJson(path: string, result: JsonValue | undefined): JsonValue {
  const value = result ?? null;
  const fault = findNonJson(value);
  if (fault) {
    const place = fault.path === '' ? 'it' : `"${fault.path}" of it`;
    throw new TaskError(`The step "${path}" must return JSON, but ${place} is ${fault.what}. Return plain values.`);
  }
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_RESULT_BYTES) {
    throw new TaskError(`The step "${path}" returned ${bytes} bytes of JSON; at most ${MAX_RESULT_BYTES} are kept.`);
  }
  return JSON.parse(json) as JsonValue;
}
