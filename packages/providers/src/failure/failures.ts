/**
 * Every way a provider call can fail, as the AttemptError that the worker sees and the message that clients read.
 * Messages hold the provider's name, its own words (cut, never HTML, never the key) and reasons such as ECONNREFUSED;
 * what else is known stays in `cause`.
 */
import { AttemptError, isJsonObject, type JobErrorCode } from '@holdfast/core';
import type { APIError } from 'openai';
import { classifyErrorEvent, classifyStatus, classifyWords, refused, type Verdict } from './classify-error.ts';
import { type ErrorDetails, readErrorBody } from './error-body.ts';
import { readResetMs, readRetryAfterMs } from './waits.ts';

const maxMessageLength = 500;

/** Codes of errors that come before a request has left; after any other, the provider may have begun to work on it. */
const beforeSending =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|\w*(CERT|TLS|SSL|SIGNED)\w*)$/;

export type Failures = ReturnType<typeof createFailures>;

/** An answer that isn't 2xx. */
interface RefusedAnswer {
  status?: number;
  headers?: Headers | undefined;
}

/** What looks like a key, whoever's it is: a known beginning, a token of three parts, or many hexadecimal digits. */
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
    verdict: Verdict,
    what: string,
    rest: { cause?: unknown; status?: number; retryAfterMs?: number; unpaid?: boolean } = {},
  ) =>
    new AttemptError(verdict.code, `${provider} ${what}`, {
      provider,
      retryable: verdict.retryable,
      ambiguous: verdict.ambiguous ?? false,
      ...rest,
    });
}

/** @param secrets what is never quoted: keys, and headers that hold some */
export function createFailures(provider: string, secrets: readonly string[]) {
  const fail = failureOf(provider);
  /** Something went wrong after the request had left: it may have been paid for. */
  const broken = (code: JobErrorCode, what: string, cause?: unknown, retryable = true) =>
    fail({ code, retryable, ambiguous: true }, what, { cause });

  return {
    ...quotedFailures(fail, secrets),
    /** No answer: the connection wasn't made, or was lost before the headers. */
    connection(error: unknown): AttemptError {
      const code = codeOf(error);
      const verdict: Verdict = { code: 'provider_unavailable', retryable: true };
      const sent = code === undefined || !beforeSending.test(code);
      return fail(sent ? { ...verdict, ambiguous: true } : verdict, `could not be reached${code ? ` (${code})` : ''}`, {
        cause: error,
        unpaid: !sent,
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
      fail({ code: 'provider_bad_response', retryable: true }, 'answered 200 with something that is no answer', {
        unpaid: true,
      }),
    /** It has ended in order without an answer: most often because of what was asked. */
    blocked: () =>
      fail(
        { code: 'provider_blocked', retryable: false },
        'gave no answer: it has blocked the prompt, or had nothing to say',
      ),
    /** The provider had the response and has it no more: it was paid, and is lost. */
    gone: (cause: AttemptError) =>
      fail({ code: 'provider_response_gone', retryable: true, ambiguous: true }, 'no longer has the response', {
        cause,
        ...(cause.status === undefined ? {} : { status: cause.status }),
      }),
    /** The same failure, where more is known of what was paid. */
    withAmbiguity: copyOf,
    responseCancelled: () => broken('provider_refused', 'cancelled the response', undefined, false),
    /** Nothing that a provider did. The message says nothing of the cause: it could quote a header or a prompt. */
    unexpected: (cause: unknown) =>
      fail({ code: 'internal_error', retryable: false }, 'could not be called', { cause }),
  };
}

/** Failures that the provider has told itself: with its words for them. */
function quotedFailures(fail: Fail, secrets: readonly string[]) {
  const told = (error: unknown, what: string, judge: (said: ErrorDetails) => Verdict, answer: RefusedAnswer = {}) => {
    const said = readErrorBody(error);
    const verdict = judge(said);
    const { status } = answer;
    const retryAfterMs = waitOf(verdict, said, answer.headers);
    const asked = longWait(retryAfterMs);
    return fail(verdict, `${what}${quoted(said.message, secrets)}${asked}`, {
      cause: error,
      // An error told before anything of an answer is a refusal, whatever its status.
      unpaid: !verdict.ambiguous,
      ...(status === undefined ? {} : { status }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  };
  return {
    /** An answer that isn't 2xx. Its whole body is `error.error`: see `bounded-fetch.ts`. */
    status: (error: APIError, status: number) =>
      told(error.error, `answered ${status}`, (said) => classifyStatus(status, said), {
        status,
        headers: error.headers,
      }),
    /** An error event in an answer that had begun. `generated`: some of the answer had come. */
    errorEvent: (error: unknown, generated: boolean) =>
      told(error, 'failed', (said) => withPayment(classifyErrorEvent(said), generated)),
    /** `response.failed`: only what its code names as passing is tried again. */
    responseFailed: (error: unknown, generated: boolean) =>
      told(error, 'failed', (said) => withPayment(classifyWords(said) ?? refused, generated)),
  };
}

function copyOf(error: AttemptError, ambiguous: boolean): AttemptError {
  return error.with({ ambiguous, unpaid: error.unpaid && !ambiguous });
}

function withPayment(verdict: Verdict, generated: boolean): Verdict {
  return generated ? { ...verdict, ambiguous: true } : verdict;
}

/** Only what may be tried again is waited for. */
function waitOf(
  { code, retryable }: Verdict,
  { waitMs }: ErrorDetails,
  headers: Headers | undefined,
): number | undefined {
  if (!retryable) return undefined;
  const now = Date.now();
  const asked = readRetryAfterMs(headers, now) ?? waitMs;
  // The headers of its limits are in every answer; they ask for something where a limit is the reason.
  return asked ?? (code === 'provider_rate_limited' ? readResetMs(headers, now) : undefined);
}

/** Who waits for seconds needn't know. */
const LONG_WAIT_MS = 60_000;

function longWait(ms = 0): string {
  return ms > LONG_WAIT_MS ? ` (it asks to be left alone for ${Math.ceil(ms / 1_000)} s)` : '';
}

function quoted(message: string, secrets: readonly string[]): string {
  // Some providers repeat the key that they refuse.
  const safe = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message).replaceAll(anyKey, '***');
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
