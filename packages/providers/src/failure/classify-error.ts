/**
 * Classifies a provider's refusal: the only table of which failures can be retried. It goes by the HTTP status, and by the codes that
 * providers put into `error.code` and `error.type`.
 */
import type { JobErrorCode } from '@holdfast/core';
import type { ErrorDetails } from './error-body.ts';

// cspell:ignore polic

export interface Classification {
  code: JobErrorCode;
  retryable: boolean;
  /** The request may have reached a model, and may have been charged. */
  ambiguous?: true;
}

const rateLimited: Classification = { code: 'provider_rate_limited', retryable: true };
const unavailable: Classification = { code: 'provider_unavailable', retryable: true };
const badRequest: Classification = { code: 'provider_bad_request', retryable: false };
const unauthorized: Classification = { code: 'provider_unauthorized', retryable: false };
const notFound: Classification = { code: 'provider_not_found', retryable: false };
/** Waiting doesn't help: somebody must pay, or raise a limit. */
const outOfCredit: Classification = { code: 'provider_rate_limited', retryable: false };
const contentRefused: Classification = { code: 'content_refused', retryable: false };
export const refused: Classification = { code: 'provider_refused', retryable: false };

/**
 * Codes that count more than any status. Those of quotas come with 429: OpenAI sends them when an account has no credit or has reached
 * its monthly limit ("Error codes" in its documentation).
 */
const decisiveCodes: [Classification, string[]][] = [
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

/** Codes that decide where there is no status: in an error event, and in `response.failed`. */
const codes: [Classification, string[]][] = [
  ...decisiveCodes,
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

/** Messages that decide, for providers without such codes. */
const messages: [Classification, RegExp][] = [
  // The request alone exceeds the limit of a minute, or of the model: waiting doesn't help.
  [badRequest, /request too large|too large for|must be reduced|maximum context length|context window/i],
  [outOfCredit, /credit balance is too low|insufficient (?:balance|credits?|funds)|in arrears|plan and billing/i],
  [
    contentRefused,
    /\bflagged\b|usage (?:guidelines|polic)|content (?:policy|filter)|inappropriate content|safety.?check/i,
  ],
  [unauthorized, /api key (?:is )?(?:not valid|invalid)/i],
];

const statuses: [Classification, number[]][] = [
  [badRequest, [400, 413, 415, 422]],
  [unauthorized, [401, 403]],
  [outOfCredit, [402]],
  [notFound, [404]],
  [{ code: 'provider_timeout', retryable: true }, [408]],
  // A conflict, a failed dependency, "too early", "retry with", an expired token, a client that seemed gone: all temporary.
  [unavailable, [409, 424, 425, 449, 498, 499]],
  [rateLimited, [429]],
  // A gateway that lost its upstream can't say whether the model answered.
  [{ ...unavailable, ambiguous: true }, [502, 504, 524]],
];

const byDecisiveCode = invert(decisiveCodes);
const byCode = invert(codes);
const byStatus = invert(statuses);

type ReportedError = Pick<ErrorDetails, 'message' | 'words'> & { waitMs?: number | undefined };

/** Classifies an HTTP answer that isn't 2xx. */
export function classifyStatus(status: number, error: ReportedError): Classification {
  const decisive = findCode(byDecisiveCode, error.words);
  if (decisive) return decisive;
  const classification = byStatus.get(status) ?? classifyRange(status);
  // A server's fault isn't classified by its message.
  return status < 500 ? (classifyMessage(error) ?? classification) : classification;
}

/** Classifies an error within an answer of 2xx; null: its codes are unknown. */
export function classifyWords(error: ReportedError): Classification | null {
  const decisive = findCode(byDecisiveCode, error.words);
  if (decisive) return decisive;
  // OpenRouter and vLLM put an HTTP status into `error.code`.
  const status = error.words.map(Number).find((value) => value >= 400 && value <= 599);
  const ofStatus = status === undefined ? undefined : classifyStatus(status, { message: '', words: [] });
  const known = findCode(byCode, error.words) ?? ofStatus;
  // As above: a server's fault isn't classified by its message.
  return (known?.code === 'provider_unavailable' ? known : (classifyMessage(error) ?? known)) ?? null;
}

/** Classifies an error event. If its codes are unknown, the provider broke off, and a retry may succeed. */
export function classifyErrorEvent(error: ReportedError): Classification {
  return classifyWords(error) ?? unavailable;
}

/** A provider that says how long to wait means that waiting helps. */
function classifyMessage({ message, waitMs }: ReportedError): Classification | undefined {
  const classification = messages.find(([, pattern]) => pattern.test(message))?.[0];
  return classification === outOfCredit && waitMs !== undefined ? undefined : classification;
}

function classifyRange(status: number): Classification {
  if (status >= 500) return unavailable;
  // Redirects aren't followed: they would send the prompt to a host that nobody configured.
  if (status < 400) return { code: 'provider_bad_response', retryable: false };
  return refused;
}

function findCode(table: Map<unknown, Classification>, values: readonly unknown[]): Classification | undefined {
  return values.map((value) => table.get(value)).find((classification) => classification !== undefined);
}

function invert<Key>(rows: [Classification, Key[]][]): Map<unknown, Classification> {
  return new Map(rows.flatMap(([classification, keys]) => keys.map((key) => [key, classification] as const)));
}
