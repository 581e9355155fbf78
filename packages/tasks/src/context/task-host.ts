/**
 * Port: what a running task asks of the worker that runs it. A task's call or step is known by an id that is the same in
 * every attempt: what an earlier attempt has completed under it is given back, and what it left running is taken up.
 */
import type { JsonObject, JsonValue, ProviderEndpoint } from '@holdfast/core';
import type { AnswerFormats } from '../answer/answer-format.ts';
import type { TaskLogger } from './task-logger.ts';

export interface HostCall {
  id: string;
  model: string;
  body: JsonObject;
  /** The job's readers see its text as it comes. One such call at a time. */
  visible: boolean;
}

/** What a call or step has given, and what readers were shown of it. */
export interface StoredResult<Value extends JsonValue> {
  value: Value;
  text: string;
}

export interface TaskHost {
  readonly jobId: string;
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly logger: TaskLogger;
  /** Aborts when the attempt must end: cancelled, past its deadline, overtaken, or its worker stops. */
  readonly signal: AbortSignal;
  /** The model that the job is for. */
  readonly model: string;
  /** The provider's surface that `call` goes to: `responses` where they can be taken up again. */
  readonly endpoint: Extract<ProviderEndpoint, 'responses' | 'chat.completions'>;
  /** Whether the job's lane serves this model. */
  serves(model: string): boolean;
  /** The one call of a task that passes a request through: readers get everything that the provider says. */
  passThrough(endpoint: ProviderEndpoint, body: JsonObject): Promise<JsonValue>;
  /** Begins the attempt of a task that makes calls of its own; before any of them. */
  begin(): Promise<void>;
  /** In which format models of the job's lane are asked for structured answers. */
  readonly answerFormats: AnswerFormats;
  /**
   * The text that the model answers, null where it answers without; kept before it is given.
   * @throws AttemptError: of the provider, or `content_refused`; the reason of `signal` once that has aborted
   */
  call(call: HostCall): Promise<StoredResult<string | null>>;
  /** What the step has returned in an earlier attempt; null: it has yet to run. */
  replayStep(path: string): StoredResult<JsonValue> | null | Promise<StoredResult<JsonValue> | null>;
  /** Resolves once the step's result is kept. What its calls have answered is no longer. */
  completeStep(path: string, result: StoredResult<JsonValue>): Promise<void>;
}
