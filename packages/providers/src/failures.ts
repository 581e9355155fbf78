/**
 * Every way a provider call can fail, as the AttemptError that the worker sees and the message that clients read.
 * Messages hold the provider's name, its own words (cut, never HTML, never the key) and reasons such as ECONNREFUSED;
 * what else is known stays in `cause`.
 */
import { AttemptError, isJsonObject, type JobErrorCode } from '@holdfast/core';
import type { APIError } from 'openai';
import { readRetryAfterMs } from './retry-after.ts';
import { judgeErrorEvent, judgeStatus, judgeWords, refused, type Verdict } from './verdicts.ts';

const maxMessageLength = 500;

/** Codes of errors that come before a request has left; after any other, the provider may have begun to work on it. */
const beforeSending =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|\w*(CERT|TLS|SSL|SIGNED)\w*)$/;

export type Failures = ReturnType<typeof createFailures>;

export function createFailures(provider: string, apiKey: string | undefined) {
  const fail = (
    verdict: Verdict,
    what: string,
    rest: { cause?: unknown; status?: number; retryAfterMs?: number } = {},
  ) =>
    new AttemptError(verdict.code, `${provider} ${what}`, {
      provider,
      retryable: verdict.retryable,
      ambiguous: verdict.ambiguous ?? false,
      ...rest,
    });
  /** Something went wrong after the request had left: it may have been paid for. */
  const broken = (code: JobErrorCode, what: string, cause?: unknown, retryable = true) =>
    fail({ code, retryable, ambiguous: true }, what, { cause });
  const quote = (error: unknown) => quoteProvider(error, apiKey);

  return {
    /** An answer that isn't 2xx. */
    status(error: APIError, status: number): AttemptError {
      const retryAfterMs = readRetryAfterMs(error.headers, Date.now());
      return fail(judgeStatus(status, wordsOf(error.error)), `answered ${status}${quote(error.error)}`, {
        cause: error,
        status,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    },
    /** No answer: the connection wasn't made, or was lost before the headers. */
    connection(error: unknown): AttemptError {
      const code = codeOf(error);
      const verdict: Verdict = { code: 'provider_unavailable', retryable: true };
      const sent = code === undefined || !beforeSending.test(code);
      return fail(sent ? { ...verdict, ambiguous: true } : verdict, `could not be reached${code ? ` (${code})` : ''}`, {
        cause: error,
      });
    },
    timeout: (ms: number) => broken('provider_timeout', `did not answer within ${ms} ms`),
    stalled: (ms: number) => broken('provider_stalled', `sent nothing for ${ms} ms`),
    cut: (cause?: unknown) => broken('provider_stream_cut', 'broke off before its answer was complete', cause),
    tooLarge: (what: string, maxBytes: number) =>
      broken('answer_too_large', `sent ${what} of more than ${maxBytes} bytes (MAX_ANSWER_MB)`, undefined, false),
    malformed: (cause: unknown) => broken('provider_bad_response', 'sent something that is not JSON', cause),
    /** A web page, or some other 200 that no model wrote: most often a proxy, or a wrong base_url. */
    notAnAnswer: () =>
      fail({ code: 'provider_bad_response', retryable: true }, 'answered 200 with something that is no answer'),
    /** An error event in an answer that had begun. `generated`: some of the answer had come. */
    errorEvent(error: unknown, generated: boolean): AttemptError {
      return fail(withPayment(judgeErrorEvent(wordsOf(error)), generated), `failed${quote(error)}`, { cause: error });
    },
    /** `response.failed`: only what its code names as passing is tried again. */
    responseFailed(error: unknown, generated: boolean): AttemptError {
      const verdict = judgeWords(wordsOf(error)) ?? refused;
      return fail(withPayment(verdict, generated), `failed${quote(error)}`, { cause: error });
    },
    /** The provider had the response and has it no more: it was paid, and is lost. */
    gone: (cause: AttemptError) =>
      fail({ code: 'provider_response_gone', retryable: true, ambiguous: true }, 'no longer has the response', {
        cause,
        ...(cause.status === undefined ? {} : { status: cause.status }),
      }),
    /** The same failure, where more is known of what was paid. */
    withAmbiguity: (error: AttemptError, ambiguous: boolean) => copyOf(error, ambiguous),
    responseCancelled: () => broken('provider_refused', 'cancelled the response', undefined, false),
    /** Nothing that a provider did. The message says nothing of the cause: it could quote a header or a prompt. */
    unexpected: (cause: unknown) =>
      fail({ code: 'internal_error', retryable: false }, 'could not be called', { cause }),
  };
}

function copyOf(error: AttemptError, ambiguous: boolean): AttemptError {
  const { code, message, retryable, retryAfterMs, status, provider, cause } = error;
  return new AttemptError(code, message, {
    retryable,
    ambiguous,
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === undefined ? {} : { status }),
    ...(provider === undefined ? {} : { provider }),
  });
}

function withPayment(verdict: Verdict, generated: boolean): Verdict {
  return generated ? { ...verdict, ambiguous: true } : verdict;
}

function wordsOf(error: unknown): unknown[] {
  if (!isJsonObject(error)) return [];
  const inner = isJsonObject(error.innererror) ? error.innererror.code : undefined;
  return [error.code, error.type, inner, error.status].filter((word) => word !== undefined && word !== null);
}

function quoteProvider(error: unknown, apiKey: string | undefined): string {
  const said = isJsonObject(error) ? (error.message ?? error.detail) : error;
  if (typeof said !== 'string' || /^\s*</.test(said)) return '';
  // Some providers repeat the key that they refuse.
  const safe = apiKey ? said.replaceAll(apiKey, '***') : said;
  const line = safe.replaceAll(/\s+/g, ' ').trim().slice(0, maxMessageLength).toWellFormed();
  return line === '' ? '' : `: ${line}`;
}

/** The system's name for what went wrong, from the innermost cause that has one. */
function codeOf(error: unknown): string | undefined {
  let code: string | undefined;
  for (let at: unknown = error, depth = 0; isJsonObject(at) && depth < 8; at = at.cause, depth += 1) {
    if (typeof at.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(at.code)) code = at.code;
  }
  return code;
}
