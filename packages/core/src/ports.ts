/** Ports: what one stage asks of another, so that each can be built, tested and replaced alone. */
import type { JsonObject, JsonValue } from './json.ts';

/** A provider's surface, named as the task that passes a request through to it. */
export type ProviderEndpoint = 'responses' | 'chat.completions' | 'embeddings';

export interface ProviderCall {
  endpoint: ProviderEndpoint;
  /** The request body, unknown members included. What the client said of `stream` is not obeyed: see `Provider`. */
  body: JsonObject;
  /**
   * Ends the call: the connection is closed and the iteration throws the signal's reason. A response that runs in the
   * background runs on, so that another worker may take it up; ending it is `Provider.cancelResponse`.
   */
  signal: AbortSignal;
  /**
   * `responses` only: asks the provider to run the response in the background, so that it can be taken up again
   * (`resume`) whatever becomes of the connection. Not done where the body says `store: false`, because only a stored
   * response can be found again, and not believed where the provider answers `background: false`: then the call is a
   * plain one and no `response` event comes. Default false.
   */
  background?: boolean;
  /**
   * `responses` only: makes no new response, but takes one up that an earlier `background` call was told of. `after` is
   * the last `cursor` that the caller has kept, or -1 for all events from the first; no event up to it comes again.
   * Where the provider can't stream a response that it has, only the `result` comes, once there is one.
   * Ends like any other call. Where the provider has lost the response, throws `provider_response_gone`.
   */
  resume?: { responseId: string; after: number };
  /**
   * Sent as the header `Idempotency-Key` of a new call. Whether it does anything is the provider's affair: OpenAI
   * documents none, other gateways answer the same key with the same response. 1 to 255 visible ASCII characters.
   */
  idempotencyKey?: string;
  /** Told, before anything of the answer, what a new call's answer says of the provider's limits. Not told of refusals. */
  onRoom?: (room: ProviderRoom) => void;
}

/**
 * What a provider says while it answers. Exactly one `result` comes, last.
 * `cursor` is the number that the provider gave the event in a stream that can be taken up after it: of Responses only,
 * rising, from 0, gaps allowed.
 */
export type ProviderEvent =
  /**
   * The provider runs the response in the background, and this is its id. Comes once, before what tells it and before
   * any piece of the answer, so that it can be kept before anything else is. Never in a resumed call.
   */
  | { kind: 'response'; id: string }
  /** Text of the (first) answer. `event` is there where it holds more than the text and the event before it told. */
  | { kind: 'text'; text: string; event?: JsonObject; cursor?: number }
  | { kind: 'event'; event: JsonObject; cursor?: number }
  | { kind: 'result'; output: JsonValue; usage: { input_tokens: number; output_tokens: number } | null };

/**
 * Stage 4. One call, no retries of its own, streamed wherever the endpoint can stream.
 * Throws AttemptError (with `retryable`, `retryAfterMs`, `ambiguous`) for whatever goes wrong, a stream that is cut or
 * stalls included; never ends without a `result` or a throw.
 *
 * Once a `response` event has come, and in every resumed call, `ambiguous` says what has become of the response:
 *
 *   false   it can be taken up again (or may be, once the cause is mended): resume it, and nothing is paid twice
 *   true    it has failed, was cancelled or is gone: another try is a new call, and what this one cost may be lost
 */
export interface Provider {
  readonly name: string;
  call(call: ProviderCall): AsyncIterable<ProviderEvent>;
  /**
   * Ends a response that runs in the background. Resolves, within 5 s, once the provider has said that it is ended, has
   * ended before or isn't known; safe to repeat. A call that still reads the response throws `provider_refused`.
   * Throws AttemptError where the provider can't be reached, takes too long or won't do it: it may run on, and be paid.
   * Missing where the provider has nothing like it.
   */
  cancelResponse?(responseId: string): Promise<void>;
}

/** One hand-over of a job to BullMQ. No two of a cell's jobs, and no two hand-overs of one, have a number in common. */
export interface ReleaseName {
  jobId: string;
  release: number;
}

/** What holds the releases that may run: claiming, locks, finding the jobs of dead workers. It may be lost altogether. */
export interface ReadyQueue {
  /** Takes releases in. Safe to repeat; after an error some of them may have been taken. */
  add(lane: string, releases: readonly ReleaseName[]): Promise<void>;
  /** Takes a release out that nobody works on yet; no effect otherwise. */
  remove(lane: string, release: ReleaseName): Promise<void>;
  /** held: it waits, or somebody works on it; ended: it was acknowledged; missing: the queue doesn't know it. */
  stateOf(lane: string, release: ReleaseName): Promise<'held' | 'ended' | 'missing'>;
}

/** What a provider said of its own limits. What it didn't say is left out. */
export interface ProviderRoom {
  requestsLeft?: number;
  tokensLeft?: number;
  /** Until these are reset, in ms. */
  resetMs?: number;
  /** It asked for no call before so many ms are over. */
  retryAfterMs?: number;
}

/** A lane's requests and tokens a minute, over all processes. A job's first call is taken when the job is dispatched. */
export interface CallLimits {
  /** Takes a further call of a job. @returns 0: taken; else the ms after which to ask again, and nothing is taken */
  acquireCall(lane: string, tokens: number): Promise<number>;
  /** Corrects what was taken by what was used. Once per call: it is not safe to repeat. */
  correctCall(lane: string, acquired: number, used: number): Promise<void>;
  /** Makes the lane slower, or shuts it for a while (a minute at most), as its provider said. */
  slowDown(lane: string, room: ProviderRoom): Promise<void>;
}

/** Who a request comes from. */
export interface Caller {
  tenant: string;
  keyId: string;
  scopes: readonly Scope[];
  /** Tasks that the key is limited to: it submits no others, and to it jobs of others aren't there; null: to none. */
  tasks: readonly string[] | null;
}

/**
 * submit  submit, cancel, retry, delete; what came of a job is shown to `read` only
 * read    get, list, attach, usage
 * admin   the tenant's own keys: list, make, rotate, revoke (at the console's port)
 */
export const scopes = ['submit', 'read', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** What processes log through. Fields are an allow-list by convention: ids, sizes, durations, codes. Never prompts or keys. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
