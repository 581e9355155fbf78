/**
 * What the client throws, besides the reason of an AbortSignal and a TypeError or RangeError for a wrong argument.
 * Branch on the class and on `code`; messages are for people and may change.
 */
import type { RequestIssue } from '@holdfast/core';
import { retryAfterMsOf } from './back-off.ts';

/** Base of the client's errors. `retryable`: the same request may succeed later. `retryAfterMs`: not earlier than that. */
export abstract class HoldfastError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;

  constructor(
    code: string,
    message: string,
    options: { retryable: boolean; retryAfterMs?: number | null; cause?: unknown },
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** How a connection can fail: no answer, none in time, or a stream of events that is incomplete or unreadable. */
export type ConnectionErrorCode =
  | 'connection_failed'
  | 'connection_timeout'
  | 'connection_silent'
  | 'stream_ended_early'
  | 'stream_gap'
  | 'stream_unreadable';

/** The server wasn't reached, or its answer broke off. It is unknown whether the request took effect. */
export class HoldfastConnectionError extends HoldfastError {
  declare readonly code: ConnectionErrorCode;

  constructor(code: ConnectionErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, { ...options, retryable: true });
  }
}

/** `wait` has used up its `timeoutMs`; the job continues. */
export class HoldfastWaitTimeoutError extends HoldfastError {
  declare readonly code: 'wait_timeout';

  constructor(jobId: string, timeoutMs: number) {
    super('wait_timeout', `Job ${jobId} has not ended within ${timeoutMs} ms.`, { retryable: true });
  }
}

interface ApiErrorDetails {
  param?: string | null;
  requestId?: string | null;
  issues?: readonly RequestIssue[];
  retryAfterMs?: number | null;
}

/**
 * The server refused the request. `code` is the problem document's stable code; `http_<status>` where the answer is not a
 * problem document (a proxy's page, for example); `unreadable_answer` where a 2xx answer can't be read.
 */
export class HoldfastApiError extends HoldfastError {
  readonly status: number;
  /** The field or header at fault. */
  readonly param: string | null;
  /** Quote it when you ask the server's operator. */
  readonly requestId: string | null;
  /** Everything that is wrong with the request, one issue each. */
  readonly issues: readonly RequestIssue[];

  constructor(status: number, code: string, message: string, details: ApiErrorDetails = {}) {
    const { retryAfterMs = null } = details;
    // A 402 whose budget will be free again says when.
    const retryable = status === 408 || status === 429 || status >= 500 || (status === 402 && retryAfterMs !== null);
    super(code, message, { retryable, retryAfterMs });
    this.status = status;
    this.param = details.param ?? null;
    this.requestId = details.requestId ?? null;
    this.issues = details.issues ?? [];
  }
}

/** Members of a problem document (RFC 9457) that the client reads. */
interface Problem {
  title: string;
  detail: string;
  code: string;
  param: string | null;
  request_id: string;
  issues: RequestIssue[];
}

function problemIn(text: string): Partial<Problem> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** Makes the error for an answer that isn't 2xx. Never throws: a body that can't be read counts as empty. */
export async function apiErrorFrom(response: Response): Promise<HoldfastApiError> {
  const problem = problemIn(await response.text().catch(() => ''));
  const status = `${response.status} ${response.statusText}`.trim();
  const message = problem.detail ?? problem.title ?? `The server answered ${status} and gave no reason.`;
  return new HoldfastApiError(response.status, problem.code ?? `http_${response.status}`, message, {
    param: problem.param ?? null,
    requestId: problem.request_id ?? response.headers.get('x-request-id'),
    issues: Array.isArray(problem.issues) ? problem.issues : [],
    retryAfterMs: retryAfterMsOf(response.headers.get('retry-after'), Date.now()),
  });
}
