/**
 * All failures of a provider call, as AttemptErrors for the worker, with messages for clients. A message has the provider's name, its
 * own message (shortened, without HTML and secrets) and reasons such as ECONNREFUSED; anything else stays in `cause`.
 */
import { AttemptError, isJsonObject, type JobErrorCode } from '@holdfast/core';
import type { APIError } from 'openai';
import { type Classification, classifyErrorEvent, classifyStatus, classifyWords, refused } from './classify-error.ts';
import { type ErrorDetails, readErrorBody } from './error-body.ts';
import { readResetMs, readRetryAfterMs } from './waits.ts';

const maxMessageLength = 500;

/** Codes of errors before a request was sent. After any other error the provider may have begun to work on it. */
const beforeSending =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|\w*(CERT|TLS|SSL|SIGNED)\w*)$/;

export type Failures = ReturnType<typeof createFailures>;

/** An answer that isn't 2xx. */
interface RefusedAnswer {
  status?: number;
  headers?: Headers | undefined;
}

/** Anything that looks like a key: a known beginning, a token of three parts, or many hexadecimal digits. */
const anyKey = new RegExp(
  [
    '\\b(?:sk|pk|rk|csk|gsk|xai|pplx|fw|nvapi|r8|tgp|hf|hold)[-_](?=[\\w-]*\\d)[\\w-]{16,}',
    '\\bAIza[\\w-]{20,}|\\bAKIA[A-Z0-9]{16}\\b|\\bya29\\.[\\w-]+',
    '\\beyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+|\\b[0-9a-f]{32,}\\b',
  ].join('|'),
  'g',
);

type Fail = ReturnType<typeof failureOf>;

function failureOf(provider: string) {
  return (
    classification: Classification,
    what: string,
    rest: { cause?: unknown; status?: number; retryAfterMs?: number; unpaid?: boolean } = {},
  ) =>
    new AttemptError(classification.code, `${provider} ${what}`, {
      provider,
      retryable: classification.retryable,
      ambiguous: classification.ambiguous ?? false,
      ...rest,
    });
}

/** @param secrets texts that are never quoted, such as keys */
export function createFailures(provider: string, secrets: readonly string[]) {
  const fail = failureOf(provider);
  /** A failure after the request was sent: it may have been charged. */
  const broken = (code: JobErrorCode, what: string, cause?: unknown, retryable = true) =>
    fail({ code, retryable, ambiguous: true }, what, { cause });

  return {
    ...quotedFailures(fail, secrets),
    /** There was no connection, or it was lost before the headers. */
    connection(error: unknown): AttemptError {
      const code = codeOf(error);
      const classification: Classification = { code: 'provider_unavailable', retryable: true };
      const sent = code === undefined || !beforeSending.test(code);
      return fail(
        sent ? { ...classification, ambiguous: true } : classification,
        `could not be reached${code ? ` (${code})` : ''}`,
        {
          cause: error,
          unpaid: !sent,
        },
      );
    },
    timeout: (ms: number) => broken('provider_timeout', `did not answer within ${ms} ms`),
    stalled: (ms: number) => broken('provider_stalled', `sent nothing for ${ms} ms`),
    cut: (cause?: unknown) => broken('provider_stream_cut', 'broke off before its answer was complete', cause),
    tooLarge: (what: string, maxBytes: number) =>
      broken('answer_too_large', `sent ${what} of more than ${maxBytes} bytes (MAX_ANSWER_MB)`, undefined, false),
    malformed: (cause: unknown) => broken('provider_bad_response', 'sent something that is not JSON', cause),
    /** A web page, or another 200 that isn't from a model: usually a proxy, or a wrong base_url. */
    notAnAnswer: () =>
      fail({ code: 'provider_bad_response', retryable: true }, 'answered 200 with something that is not an answer', {
        unpaid: true,
      }),
    /** The answer ended regularly and is empty: usually because of the prompt. */
    blocked: () =>
      fail(
        { code: 'provider_blocked', retryable: false },
        'gave no answer: it blocked the prompt, or had nothing to say',
      ),
    /** The provider no longer has the response: it was charged, and is lost. */
    gone: (cause: AttemptError) =>
      fail({ code: 'provider_response_gone', retryable: true, ambiguous: true }, 'no longer has the response', {
        cause,
        ...(cause.status === undefined ? {} : { status: cause.status }),
      }),
    /** The same failure, with what is known about its cost. */
    withAmbiguity: copyOf,
    responseCancelled: () => broken('provider_refused', 'cancelled the response', undefined, false),
    /** Not a failure of the provider. The message doesn't have the cause, which could quote a header or a prompt. */
    unexpected: (cause: unknown) =>
      fail({ code: 'internal_error', retryable: false }, 'could not be called', { cause }),
  };
}

/** Failures that the provider itself has reported, with its message. */
function quotedFailures(fail: Fail, secrets: readonly string[]) {
  const reported = (
    error: unknown,
    what: string,
    classify: (details: ErrorDetails) => Classification,
    answer: RefusedAnswer = {},
  ) => {
    const details = readErrorBody(error);
    const classification = classify(details);
    const { status } = answer;
    const retryAfterMs = waitOf(classification, details, answer.headers);
    return fail(classification, `${what}${quoted(details.message, secrets)}${longWait(retryAfterMs)}`, {
      cause: error,
      // An error before any part of an answer is a refusal, whatever its status.
      unpaid: !classification.ambiguous,
      ...(status === undefined ? {} : { status }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  };
  return {
    /** An answer that isn't 2xx. Its whole body is `error.error`: see `bounded-fetch.ts`. */
    status: (error: APIError, status: number) =>
      reported(error.error, `answered ${status}`, (details) => classifyStatus(status, details), {
        status,
        headers: error.headers,
      }),
    /** An error event within an answer. `generated`: a part of the answer had come. */
    errorEvent: (error: unknown, generated: boolean) =>
      reported(error, 'failed', (details) => withPayment(classifyErrorEvent(details), generated)),
    /** `response.failed`: retried only if its code is known to be temporary. */
    responseFailed: (error: unknown, generated: boolean) =>
      reported(error, 'failed', (details) => withPayment(classifyWords(details) ?? refused, generated)),
  };
}

function copyOf(error: AttemptError, ambiguous: boolean): AttemptError {
  return error.with({ ambiguous, unpaid: error.unpaid && !ambiguous });
}

function withPayment(classification: Classification, generated: boolean): Classification {
  return generated ? { ...classification, ambiguous: true } : classification;
}

/** A wait only makes sense before a retry. */
function waitOf(
  { code, retryable }: Classification,
  { waitMs }: ErrorDetails,
  headers: Headers | undefined,
): number | undefined {
  if (!retryable) return undefined;
  const now = Date.now();
  const requested = readRetryAfterMs(headers, now) ?? waitMs;
  // Every answer has the headers of limits; they only matter where a limit is the reason.
  return requested ?? (code === 'provider_rate_limited' ? readResetMs(headers, now) : undefined);
}

/** Only longer waits are mentioned. */
const LONG_WAIT_MS = 60_000;

function longWait(ms = 0): string {
  return ms > LONG_WAIT_MS ? ` (it asks for a pause of ${Math.ceil(ms / 1_000)} s)` : '';
}

function quoted(message: string, secrets: readonly string[]): string {
  // Some providers quote the key that they refuse.
  const safe = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message).replaceAll(anyKey, '***');
  const line = safe.replaceAll(/\s+/g, ' ').trim().slice(0, maxMessageLength).toWellFormed();
  return line === '' ? '' : `: ${line}`;
}

/** The system's error code, from the innermost cause that has one. */
function codeOf(error: unknown): string | undefined {
  let code: string | undefined;
  for (let at: unknown = error, depth = 0; isJsonObject(at) && depth < 8; at = at.cause, depth += 1) {
    if (typeof at.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(at.code)) code = at.code;
  }
  return code;
}
