/**
 * What a provider's refusal means: the one table that says which failures are worth another try. Looked up by HTTP
 * status, and by the words that providers put into `error.code` and `error.type`.
 */
import type { JobErrorCode } from '@holdfast/core';
import type { ErrorDetails } from './error-body.ts';

// cspell:ignore polic

export interface Verdict {
  code: JobErrorCode;
  retryable: boolean;
  /** The request may have reached a model that was paid for all the same. */
  ambiguous?: true;
}

const rateLimited: Verdict = { code: 'provider_rate_limited', retryable: true };
const unavailable: Verdict = { code: 'provider_unavailable', retryable: true };
const badRequest: Verdict = { code: 'provider_bad_request', retryable: false };
const unauthorized: Verdict = { code: 'provider_unauthorized', retryable: false };
const notFound: Verdict = { code: 'provider_not_found', retryable: false };
/** No waiting helps: a person must pay, or raise a limit, first. */
const outOfCredit: Verdict = { code: 'provider_rate_limited', retryable: false };
const contentRefused: Verdict = { code: 'content_refused', retryable: false };
export const refused: Verdict = { code: 'provider_refused', retryable: false };

/**
 * Words that count more than any status. The quota ones come as 429: OpenAI sends them when an account has no credit or has
 * reached its monthly limit ("Error codes" in its documentation).
 */
const decisiveWords: [Verdict, string[]][] = [
  [
    outOfCredit,
    [
      'insufficient_quota',
      'billing_hard_limit_reached',
      'billing_not_active',
      'insufficient_balance',
      // Moonshot, DashScope, one-api, Zhipu.
      ...['exceeded_current_quota_error', 'Arrearage', 'insufficient_user_quota', '1113'],
    ],
  ],
  [unauthorized, ['API_KEY_INVALID']],
  [
    contentRefused,
    [
      'content_filter',
      'content_policy_violation',
      'content_filter_error',
      'ResponsibleAIPolicyViolation',
      'moderation_blocked',
      'image_content_policy_violation',
      'bio_policy',
      'cyber_policy',
      'misalignment_policy_violation',
    ],
  ],
];

/** Words that decide where there is no status: in an error event, and in `response.failed`. */
const words: [Verdict, string[]][] = [
  ...decisiveWords,
  [
    rateLimited,
    ['rate_limit_exceeded', 'rate_limit_error', 'requests', 'tokens', 'too_many_requests', 'RESOURCE_EXHAUSTED'],
  ],
  [
    unavailable,
    [
      'server_error',
      'internal_server_error',
      'api_error',
      'overloaded_error',
      'vector_store_timeout',
      'UNAVAILABLE',
      'INTERNAL',
      'DEADLINE_EXCEEDED',
    ],
  ],
  [
    badRequest,
    [
      'invalid_request_error',
      'BadRequestError',
      'INVALID_ARGUMENT',
      'FAILED_PRECONDITION',
      'invalid_prompt',
      'context_length_exceeded',
      'string_above_max_length',
      'invalid_image',
      'invalid_image_format',
      'invalid_base64_image',
      'invalid_image_url',
      'invalid_image_mode',
      'image_too_large',
      'image_too_small',
      'image_parse_error',
      'image_file_too_large',
      'image_file_not_found',
      'unsupported_image_media_type',
      'empty_image_file',
      'failed_to_download_image',
    ],
  ],
  [
    unauthorized,
    [
      'invalid_api_key',
      'authentication_error',
      'permission_error',
      'insufficient_permissions',
      'UNAUTHENTICATED',
      'PERMISSION_DENIED',
    ],
  ],
  [notFound, ['model_not_found', 'not_found_error', 'NOT_FOUND']],
];

/** The same in sentences, for providers whose words say less. */
const sentences: [Verdict, RegExp][] = [
  // The request alone is more than the limit of a minute, or than the model takes: waiting won't help.
  [badRequest, /request too large|too large for|must be reduced|maximum context length|context window/i],
  [outOfCredit, /credit balance is too low|insufficient (?:balance|credits?|funds)|in arrears|plan and billing/i],
  [
    contentRefused,
    /\bflagged\b|usage (?:guidelines|polic)|content (?:policy|filter)|inappropriate content|safety.?check/i,
  ],
  [unauthorized, /api key (?:is )?(?:not valid|invalid)/i],
];

const statuses: [Verdict, number[]][] = [
  [badRequest, [400, 413, 415, 422]],
  [unauthorized, [401, 403]],
  [outOfCredit, [402]],
  [notFound, [404]],
  [{ code: 'provider_timeout', retryable: true }, [408]],
  // A conflict, a dependency, an early hint, "retry with", a token that has expired or a client that seemed gone: all pass.
  [unavailable, [409, 424, 425, 449, 498, 499]],
  [rateLimited, [429]],
  // A gateway that lost its upstream can't say whether the model answered.
  [{ ...unavailable, ambiguous: true }, [502, 504, 524]],
];

const byDecisiveWord = invert(decisiveWords);
const byWord = invert(words);
const byStatus = invert(statuses);

type Told = Pick<ErrorDetails, 'message' | 'words'> & { waitMs?: number | undefined };

/** The verdict on an HTTP answer that isn't 2xx. */
export function classifyStatus(status: number, told: Told): Verdict {
  const decisive = findWord(byDecisiveWord, told.words);
  if (decisive) return decisive;
  const verdict = byStatus.get(status) ?? classifyRange(status);
  // What a server's trouble is described by, decides nothing.
  return status < 500 ? (readSentence(told) ?? verdict) : verdict;
}

/** The verdict on an error told in an answer that began well; null where its words say nothing. */
export function classifyWords(told: Told): Verdict | null {
  const decisive = findWord(byDecisiveWord, told.words);
  if (decisive) return decisive;
  // OpenRouter and vLLM put an HTTP status into `error.code`.
  const status = told.words.map(Number).find((value) => value >= 400 && value <= 599);
  const ofStatus = status === undefined ? undefined : classifyStatus(status, { message: '', words: [] });
  const known = findWord(byWord, told.words) ?? ofStatus;
  // As above: what a server's trouble is described by, decides nothing.
  return (known?.code === 'provider_unavailable' ? known : (readSentence(told) ?? known)) ?? null;
}

/** The verdict on an error event: the provider broke off, which it may not do again, unless its words say otherwise. */
export function classifyErrorEvent(told: Told): Verdict {
  return classifyWords(told) ?? unavailable;
}

/** Who says how long to wait means that waiting helps. */
function readSentence({ message, waitMs }: Told): Verdict | undefined {
  const verdict = sentences.find(([, sentence]) => sentence.test(message))?.[0];
  return verdict === outOfCredit && waitMs !== undefined ? undefined : verdict;
}

function classifyRange(status: number): Verdict {
  if (status >= 500) return unavailable;
  // Redirects aren't followed: they would carry the prompt to a host that nobody configured.
  if (status < 400) return { code: 'provider_bad_response', retryable: false };
  return refused;
}

function findWord(table: Map<unknown, Verdict>, said: readonly unknown[]): Verdict | undefined {
  return said.map((word) => table.get(word)).find((verdict) => verdict !== undefined);
}

function invert<Key>(rows: [Verdict, Key[]][]): Map<unknown, Verdict> {
  return new Map(rows.flatMap(([verdict, keys]) => keys.map((key) => [key, verdict] as const)));
}
