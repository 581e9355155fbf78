/**
 * Port: what a running task needs from the worker that runs it. A call or step has an id that is the same in every attempt.
 * What an earlier attempt has completed under that id is replayed; a call that it left running is resumed if possible.
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

/** What a call or step has returned, and what readers have seen of it. */
export interface StoredResult<Value extends JsonValue> {
  value: Value;
  text: string;
}

export interface TaskHost {
  readonly jobId: string;
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly logger: TaskLogger;
  /** Aborts when the attempt must end: cancel, deadline, another worker has the job, or this one stops. */
  readonly signal: AbortSignal;
  /** The model that the job is for. */
  readonly model: string;
  /** The provider's surface that `call` goes to: `responses` if a running response can be resumed. */
  readonly endpoint: Extract<ProviderEndpoint, 'responses' | 'chat.completions'>;
  /** Whether the job's lane serves this model. */
  serves(model: string): boolean;
  /** The one call of a task that passes a request through. Readers get everything that the provider sends. */
  passThrough(endpoint: ProviderEndpoint, body: JsonObject): Promise<JsonValue>;
  /** Begins the attempt of a task that makes its own calls. Comes before all of them. */
  begin(): Promise<void>;
  /** The format in which models of the job's lane answer with an object. */
  readonly answerFormats: AnswerFormats;
  /**
   * The text of the model's answer; null if it has none. It is stored before this resolves.
   * @throws AttemptError: of the provider, or `content_refused`; the reason of `signal` once that has aborted
   */
  call(call: HostCall): Promise<StoredResult<string | null>>;
  /** What the step has returned in an earlier attempt; null: it has not run yet. */
  replayStep(path: string): StoredResult<JsonValue> | null | Promise<StoredResult<JsonValue> | null>;
  /** Resolves once the step's result is stored. The answers of its calls are dropped then. */
  completeStep(path: string, result: StoredResult<JsonValue>): Promise<void>;
}
