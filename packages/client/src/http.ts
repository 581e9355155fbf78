/**
 * Requests to the API. `open` makes one attempt; `send` repeats it, with back-off, until there is a final answer:
 *
 *   1. make headers and body: a mistake in them throws before anything is sent
 *   2. make one attempt, limited in time, and read its whole body
 *   3. network errors, 408, 429, 5xx, a 402 with Retry-After: wait and go back to 2, unless it may not be repeated
 *
 * It knows nothing about jobs, and does not check answers against the schemas (that would need a runtime dependency).
 */
import { backOffMs, type RetryOptions, sleep } from './back-off.ts';
import { serverRootOf } from './base-url.ts';
import { apiErrorFrom, HoldfastApiError, HoldfastConnectionError, HoldfastError } from './errors.ts';

export { serverRootOf };

export interface HttpOptions {
  /** As people write it: see `base-url.ts`. */
  baseUrl: string;
  /** Where paths of requests begin: removed from a `baseUrl` that ends with it. Default `/v1`. */
  apiPath?: string;
  apiKey: string;
  fetch: typeof fetch;
  retry: RetryOptions;
  /** How long one attempt may take, in ms. */
  requestTimeoutMs: number;
  userAgent: string | null;
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, from `baseUrl` on. */
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Added to the time that one attempt may take, in ms: the server was asked to hold its answer. */
  extraTimeMs?: number;
  /** Whether the request may be sent again after this error. Default: whenever the error is retryable. */
  mayRepeat?: (error: HoldfastError) => boolean;
}

export interface ApiAnswer {
  headers: Headers;
  /** null where the body was empty. */
  body: unknown;
}

export class Http {
  readonly #options: HttpOptions;
  readonly #root: string;

  /** @throws TypeError saying what is wrong with `baseUrl`, and what to write */
  constructor(options: HttpOptions) {
    this.#options = options;
    this.#root = rootOf(options);
  }

  /**
   * Makes one attempt. Resolves with a 2xx answer whose body is still unread.
   * @throws HoldfastApiError for any other answer, HoldfastConnectionError when there is no answer
   */
  async open(request: ApiRequest, signal: AbortSignal | undefined): Promise<Response> {
    // Outside the try below: a header that can't be sent is the caller's mistake, not the network's.
    const init = { ...this.#initOf(request), ...(signal === undefined ? {} : { signal }) };
    let response: Response;
    try {
      response = await this.#options.fetch(this.#root + request.path, init);
    } catch (cause) {
      throw connectionErrorFrom(cause);
    }
    if (!response.ok) throw await apiErrorFrom(response);
    return response;
  }

  /**
   * Makes attempts until there is an answer: the first, and at most `maxRetries` more.
   * @throws the last attempt's error, or the signal's reason
   */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    const { retry } = this.#options;
    const mayRepeat = request.mayRepeat ?? ((error) => error.retryable);
    for (let failures = 1; ; failures++) {
      try {
        return await this.#attempt(request);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof HoldfastError) || !mayRepeat(error) || failures > retry.maxRetries) throw error;
        if ((error.retryAfterMs ?? 0) > retry.maxRetryAfterMs) throw error;
        await sleep(backOffMs(retry, failures, error.retryAfterMs), request.signal);
      }
    }
  }

  async #attempt(request: ApiRequest): Promise<ApiAnswer> {
    const timeout = AbortSignal.timeout(this.#options.requestTimeoutMs + (request.extraTimeMs ?? 0));
    const response = await this.open(request, request.signal ? AbortSignal.any([request.signal, timeout]) : timeout);
    const text = await response.text().catch((cause: unknown) => {
      throw connectionErrorFrom(cause);
    });
    return { headers: response.headers, body: parse(text, response.status) };
  }

  #initOf(request: ApiRequest): RequestInit {
    const { apiKey, userAgent } = this.#options;
    const headers = new Headers({ accept: 'application/json', authorization: `Bearer ${apiKey}`, ...request.headers });
    if (userAgent !== null) headers.set('user-agent', userAgent);
    const init = { method: request.method, headers, cache: 'no-store' as const };
    if (request.body === undefined) return init;
    headers.set('content-type', 'application/json');
    return { ...init, body: JSON.stringify(request.body) };
  }
}

function rootOf({ baseUrl, apiPath }: HttpOptions): string {
  try {
    // In a browser a base may be relative to the page.
    return serverRootOf(baseUrl, { apiPath, base: globalThis.location?.href });
  } catch (error) {
    throw error instanceof TypeError ? new TypeError(`baseUrl ${error.message}.`) : error;
  }
}

/** Makes the error for what `fetch`, or reading its body, threw. */
export function connectionErrorFrom(cause: unknown): HoldfastConnectionError {
  if (cause instanceof HoldfastConnectionError) return cause;
  if (cause instanceof DOMException && cause.name === 'TimeoutError') {
    return new HoldfastConnectionError('connection_timeout', 'The server did not answer in time.', { cause });
  }
  return new HoldfastConnectionError('connection_failed', 'The connection to the server failed.', { cause });
}

function parse(text: string, status: number): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new HoldfastApiError(status, 'unreadable_answer', 'The server answered with something other than JSON.');
  }
}
