/** What a task's `run` is given beside its input. */
import type { JsonValue } from '@holdfast/core';
import type { z } from 'zod';
import type { TaskLogger } from './task-logger.ts';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface GenerateOptions {
  /** What the model is asked: a text, or a conversation. One of the two. */
  prompt?: string;
  messages?: readonly Message[];
  /** The system prompt: comes before all else. */
  instructions?: string;
  /** Another model than the task's, of the same lane. */
  model?: string;
  max_output_tokens?: number;
  temperature?: number;
  /** Goes to the provider; OpenAI takes it of `responses` only. Default: the job's orders to the simulator, if any. */
  metadata?: Readonly<Record<string, string>>;
  /** Readers see the text as it comes. Default: outside of steps they do, inside they don't. One such call at a time. */
  stream?: boolean;
}

export interface StructuredOptions<Schema extends z.ZodType> extends Omit<GenerateOptions, 'stream'> {
  /**
   * What the answer shall fit; sent to the provider as its JSON Schema. Providers want every member there: make a member
   * nullable, not optional.
   */
  schema: Schema;
}

export interface TaskContext {
  readonly jobId: string;
  /** Number of this run of the job, from 1. */
  readonly attempt: number;
  /** The job's. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Aborts when the attempt must end: cancelled, past its deadline, or another worker is to go on. Hand it to whatever waits. */
  readonly signal: AbortSignal;
  /**
   * The worker's log: `logger.info('sorted')`, `logger.info({ parts: 3 }, 'split')`; `npm start` shows it from `info` up. The job's
   * id is in each line. For ids and sizes; never prompts or answers.
   */
  readonly logger: TaskLogger;
  /**
   * Asks the model, and resolves with its text. An answer that has come whole is kept: a later attempt that asks the same in the
   * same step gets it without a call. A model that answers without a text is asked again, once.
   * @throws AttemptError; let it through, and the job is retried or fails as the error says
   */
  generate(options: GenerateOptions): Promise<string>;
  /**
   * The same, with an answer that fits `schema`; a code fence, thoughts or words around the JSON do no harm, nor does a provider
   * that takes no schema as a format. One that doesn't fit is sent back to the model with what is wrong, twice at most; then throws
   * AttemptError `output_invalid`. Never shown to readers.
   */
  generate<Schema extends z.ZodType>(options: StructuredOptions<Schema>): Promise<z.output<Schema>>;
  /**
   * Runs `work` once: what it returns (JSON, up to 256 KB) is kept in the journal, and given back in later attempts without
   * running it again. A crash while it runs runs it again. Steps may run side by side, and inside of one another.
   * @throws TaskError where it returns what JSON would lose or change (a Date, a Map, an undefined member …), naming the place
   * @param name unique among the steps around it: letters, digits, `.`, `_`, `:` and `-`, up to 64
   */
  step<Result extends JsonValue | undefined>(name: string, work: () => Promise<Result> | Result): Promise<Result>;
}
