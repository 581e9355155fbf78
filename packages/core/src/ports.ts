/** Ports: what one stage asks of another, so that each can be built, tested and replaced alone. */
import type { JsonObject, JsonValue } from './json.ts';

/** An endpoint of providers. The task that passes requests through to it has the same name. */
export type ProviderEndpoint = 'responses' | 'chat.completions' | 'embeddings';

export interface ProviderCall {
  endpoint: ProviderEndpoint;
  /** The request body, unknown members included. Its `stream` is ignored: see `Provider`. */
  body: JsonObject;
  /**
   * Ends the call: the connection is closed and the iteration throws the signal's reason. A response that runs in the
   * background goes on, so that another worker may resume it; `Provider.cancelResponse` ends it.
   */
  signal: AbortSignal;
  /**
   * `responses` only: asks the provider to run the response in the background, so that it can be resumed (`resume`) after
   * the connection broke off. Ignored where the body has `store: false`, because only a stored response can be found
   * again. Where the provider answers `background: false`, the call is a plain one and no `response` event comes.
   * Default false.
   */
  background?: boolean;
  /**
   * `responses` only: makes no new response, but resumes one that an earlier `background` call began. `after` is the last
   * `cursor` that the caller has stored, or -1 for all events; no event up to it comes again. Where the provider can't
   * stream a stored response, only the `result` comes, once the response has ended. Ends like any other call. Throws
   * `provider_response_gone` where the provider has lost the response.
   */
  resume?: { responseId: string; after: number };
  /**
   * Sent as the header `Idempotency-Key` of a new call. What it does depends on the provider: OpenAI documents no such
   * header; some gateways answer the same key with the same response. 1 to 255 visible ASCII characters.
   */
  idempotencyKey?: string;
  /** Sent as the header `traceparent` of a new call. Default: no such header. */
  traceparent?: string;
  /** Receives the provider's rate-limit headroom from a new call's answer, before the answer itself. Not called for refusals. */
  onHeadroom?: (headroom: RateLimitHeadroom) => void;
}

/**
 * What a provider emits while it answers. Exactly one `result` comes, last.
 * `cursor` is the provider's number of the event, after which a stream can be resumed. Only Responses have it; the numbers rise
 * from 0, and gaps are allowed.
 */
export type ProviderEvent =
  /**
   * The provider runs the response in the background, and this is its id. Comes once, before the provider event that has it
   * and before any piece of the answer, so that it can be stored first. Never comes in a resumed call.
   */
  | { kind: 'response'; id: string }
  /** Text of the (first) answer. `event` is set where it holds more than this text and what the event before it said. */
  | { kind: 'text'; text: string; event?: JsonObject; cursor?: number }
  | { kind: 'event'; event: JsonObject; cursor?: number }
  | { kind: 'result'; output: JsonValue; usage: { input_tokens: number; output_tokens: number } | null };

/**
 * Stage 4. Makes one call, without retries, streamed wherever the endpoint can stream.
 * Throws AttemptError (with `retryable`, `retryAfterMs`, `ambiguous`) for every failure, a stream that is cut or stalls
 * included; never ends without a `result` or a throw.
 *
 * After a `response` event, and in every resumed call, `ambiguous` says what happened to the response:
 *
 *   false   it can be resumed, perhaps once the cause is repaired; nothing is paid twice
 *   true    it has failed, was cancelled or is gone: a retry is a new call, and what this one cost may be lost
 */
export interface Provider {
  readonly name: string;
  call(call: ProviderCall): AsyncIterable<ProviderEvent>;
  /**
   * Ends a response that runs in the background. Resolves, within 5 s, once the provider confirms that the response has
   * ended or is unknown; safe to repeat. A call that still reads the response throws `provider_refused`.
   * Throws AttemptError where the provider can't be reached, takes too long or refuses: the response may go on, and cost.
   * Missing where the provider can't cancel responses.
   */
  cancelResponse?(responseId: string): Promise<void>;
}

/** One hand-over of a job to BullMQ. Within a cell every hand-over has another number, whichever job it is of. */
export interface ReleaseName {
  jobId: string;
  release: number;
}

/** The queue of releases that may run, with claims, locks, and recovery from dead workers. All of it may be lost. */
export interface ReadyQueue {
  /** Adds releases. Safe to repeat; after an error some of them may have been added. */
  add(lane: string, releases: readonly ReleaseName[]): Promise<void>;
  /** Removes a release that no worker has claimed; no effect otherwise. */
  remove(lane: string, release: ReleaseName): Promise<void>;
  /** held: it waits, or a worker has it; ended: it was acknowledged; missing: the queue doesn't know it. */
  stateOf(lane: string, release: ReleaseName): Promise<'held' | 'ended' | 'missing'>;
}

/** What waits and runs in a lane, over all processes: what autoscaling goes by. */
export interface LaneDepth {
  lane: string;
  /** Due, and not with a worker. */
  waitingJobs: number;
  /** Not due yet. */
  delayedJobs: number;
  /** With a worker. */
  runningJobs: number;
  /** What the waiting jobs' first calls may use, in and out: estimated from a sample of them. */
  waitingTokens: number;
  /** How long the job that waits longest has waited, in seconds, as far as a sample shows; 0: none waits. */
  oldestWaitS: number;
}

/** What a provider said about its rate limits. What it didn't say is left out. */
export interface RateLimitHeadroom {
  requestsLeft?: number;
  tokensLeft?: number;
  /** Time until these are reset, in ms. */
  resetMs?: number;
  /** The provider asked for no call during this time, in ms. */
  retryAfterMs?: number;
}

/** A lane's requests and tokens a minute, over all processes. A job's first call is acquired when the job is dispatched. */
export interface CallLimits {
  /** Acquires a further call of a job. @returns 0: acquired; else the ms after which to try again, and nothing is acquired */
  acquireCall(lane: string, tokens: number): Promise<number>;
  /** Corrects what was acquired by what was used. Not safe to repeat: do it once per call. */
  correctCall(lane: string, acquired: number, used: number): Promise<void>;
  /** Slows the lane down, or closes it for a minute at most, as its provider asked. */
  slowDown(lane: string, headroom: RateLimitHeadroom): Promise<void>;
}

/** Who a request comes from. */
export interface Caller {
  tenant: string;
  keyId: string;
  scopes: readonly Scope[];
  /** The tasks that the API key may submit, and whose jobs it may see; null: all tasks. */
  tasks: readonly string[] | null;
}

/**
 * submit  submit, cancel, retry, delete; without `read`, answers are not shown
 * read    get, list, attach, usage
 * admin   list, create, rotate and revoke the tenant's own API keys (at the console's port)
 */
export const scopes = ['submit', 'read', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** The log of a process. By convention fields are ids, sizes, durations and codes; never prompts or keys. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
