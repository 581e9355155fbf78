/** Ports: what one stage asks of another, so that each can be built, tested and replaced alone. */
import type { JsonObject, JsonValue } from './json.ts';

/** A provider's surface, named as the task that passes a request through to it. */
export type ProviderEndpoint = 'responses' | 'chat.completions' | 'embeddings';

export interface ProviderCall {
  endpoint: ProviderEndpoint;
  /** The request body, unknown members included. What the client said of `stream` is not obeyed: see `Provider`. */
  body: JsonObject;
  /** Ends the call: the connection is closed and the iteration throws the signal's reason. */
  signal: AbortSignal;
}

/** What a provider says while it answers. Exactly one `result` comes, last. */
export type ProviderEvent =
  /** Text of the (first) answer. `event` is there where it holds more than the text and the event before it told. */
  | { kind: 'text'; text: string; event?: JsonObject }
  | { kind: 'event'; event: JsonObject }
  | { kind: 'result'; output: JsonValue; usage: { input_tokens: number; output_tokens: number } | null };

/**
 * Stage 4. One call, no retries of its own, streamed wherever the endpoint can stream.
 * Throws AttemptError (with `retryable`, `retryAfterMs`, `ambiguous`) for whatever goes wrong, a stream that is cut or
 * stalls included; never ends without a `result` or a throw.
 */
export interface Provider {
  readonly name: string;
  call(call: ProviderCall): AsyncIterable<ProviderEvent>;
}

export interface Release {
  jobId: string;
  /** Which hand-over of the job this is, from 1. A job never has two BullMQ entries with the same number. */
  release: number;
  lane: string;
  /** Not before this many ms from now. */
  delayMs: number;
  /** Higher sooner. */
  priority: number;
}

/** Stage 2, the producing side. */
export interface JobQueue {
  /**
   * Hands a job over. Safe to repeat with the same release number. After an error the hand-over may or may not have
   * happened; the sweeper finds out.
   */
  enqueue(release: Release): Promise<void>;
  /** Takes a release out that nobody works on yet; no effect otherwise. */
  remove(release: Pick<Release, 'jobId' | 'release' | 'lane'>): Promise<void>;
  /** Of these releases, those that the queue doesn't hold as waiting, delayed or active. */
  unknown(releases: readonly Pick<Release, 'jobId' | 'release' | 'lane'>[]): Promise<Set<string>>;
}

/** Who a request comes from. */
export interface Caller {
  tenant: string;
  keyId: string;
  scopes: readonly Scope[];
  /** Tasks that the key may submit; null: all. */
  tasks: readonly string[] | null;
}

export const scopes = ['submit', 'read'] as const;
export type Scope = (typeof scopes)[number];

/** What processes log through. Fields are an allow-list by convention: ids, sizes, durations, codes. Never prompts or keys. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
