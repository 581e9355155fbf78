/** What a task's `run` gets beside its input. */
import type { JsonValue } from '@holdfast/core';
import type { z } from 'zod';
import type { TaskLogger } from './task-logger.ts';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface GenerateOptions {
  /** What the model is asked. Give either `prompt`, a text, or `messages`, a conversation. */
  prompt?: string;
  messages?: readonly Message[];
  /** The system prompt. It comes first. */
  instructions?: string;
  /** Another model than the task's. It must belong to the same lane. */
  model?: string;
  max_output_tokens?: number;
  temperature?: number;
  /** Sent to the provider; OpenAI accepts it for `responses` only. Default: the job's instructions to the simulator, if any. */
  metadata?: Readonly<Record<string, string>>;
  /** Whether the job's readers see the text as it comes. Default: outside of steps yes, inside no. One such call at a time. */
  stream?: boolean;
}

export interface StructuredOptions<Schema extends z.ZodType> extends Omit<GenerateOptions, 'stream'> {
  /** What the answer must fit; sent as JSON Schema. Providers want every member present: use `.nullable()`, not `.optional()`. */
  schema: Schema;
}

export interface TaskContext {
  readonly jobId: string;
  /** Which run of the job this is, from 1. */
  readonly attempt: number;
  /** The job's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Aborts when the attempt must end: cancel, deadline, or another worker goes on. Pass it to `fetch` and whatever else waits. */
  readonly signal: AbortSignal;
  /**
   * The worker's log: `logger.info('sorted')`, `logger.info({ parts: 3 }, 'split')`. Each line has the job's id. `npm start` and
   * `holdfast dev` show it from `info` up. Log ids and sizes, never prompts or answers.
   */
  readonly logger: TaskLogger;
  /**
   * Asks the model, and resolves with its text. A complete answer is stored: a later attempt that asks the same in the same step
   * gets it without a call. A model that answers without a text is asked once more.
   * @throws AttemptError: let it through, and the job is retried or fails as the error says
   */
  generate(options: GenerateOptions): Promise<string>;
  /**
   * The same, with an object that fits `schema`. A code fence, thoughts or words around the JSON are no problem, nor is a provider
   * that supports no schema. An answer that doesn't fit goes back to the model with what is wrong, twice at most. Readers don't see it.
   * @throws AttemptError, `output_invalid` if the last answer doesn't fit either
   */
  generate<Schema extends z.ZodType>(options: StructuredOptions<Schema>): Promise<z.output<Schema>>;
  /**
   * Runs `work` and stores what it returns: JSON, up to 256 KB. Later attempts get that result and don't run it again. After a crash
   * while `work` runs, it runs again. Steps may run side by side, and inside of one another.
   * @param name unique among the steps around it: 1 to 64 letters, digits, `.`, `_`, `:` or `-`
   * @throws TaskError if the result is something that JSON would lose or change (a Date, a Map, an undefined member); names the place
   */
  step<Result extends JsonValue | undefined>(name: string, work: () => Promise<Result> | Result): Promise<Result>;
}
