/**
 * Errors. A `code` is stable, and is the only thing that callers may branch on; messages are for people and may change.
 * Whether a retry makes sense is data, decided where the error is created.
 */
import { z } from 'zod';

/** The codes of refused API requests, with their HTTP status. This is the only such table. */
export const httpStatusOf = {
  malformed_json: 400,
  malformed_request: 400,
  invalid_idempotency_key: 400,
  invalid_cursor: 400,
  unauthenticated: 401,
  budget_exceeded: 402,
  forbidden: 403,
  not_found: 404,
  job_not_found: 404,
  tenant_not_found: 404,
  key_not_found: 404,
  user_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  job_not_ended: 409,
  job_not_retryable: 409,
  user_exists: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  validation_failed: 422,
  unknown_task: 422,
  unknown_model: 422,
  idempotency_key_reused: 422,
  too_many_requests: 429,
  too_many_queued: 429,
  too_many_held: 429,
  headers_too_large: 431,
  internal_error: 500,
  store_unavailable: 503,
  queue_full: 503,
  durability_unmet: 503,
  plan_unknown: 503,
} as const;

export type HttpErrorCode = keyof typeof httpStatusOf;

/** Codes that a job can fail with (`job.error.code`). New ones may be added; none is ever renamed. */
export const jobErrorCodes = [
  'provider_rate_limited',
  'provider_unavailable',
  'provider_timeout',
  'provider_stalled',
  'provider_stream_cut',
  'provider_bad_response',
  'provider_bad_request',
  'provider_unauthorized',
  'provider_not_found',
  'provider_response_gone',
  'provider_refused',
  'provider_blocked',
  'content_refused',
  'deadline_exceeded',
  'ambiguous_call',
  'call_limit',
  'crash_limit',
  'output_invalid',
  'answer_too_large',
  'task_error',
  'worker_stopped',
  'leader_lost',
  'budget_exceeded',
  'internal_error',
] as const;

export type JobErrorCode = (typeof jobErrorCodes)[number];

const triedProviderSchema = z
  .object({ provider: z.string(), code: z.string(), status: z.int().optional() })
  .meta({ id: 'TriedProvider' });

/** A provider that has failed, and how. */
export type TriedProvider = z.infer<typeof triedProviderSchema>;

/** `job.error`, and the `error` of `attempt.failed` and `job.failed`. */
export const jobErrorSchema = z
  .object({
    code: z.string().meta({ description: 'Stable; branch on this.', examples: [...jobErrorCodes] }),
    message: z.string().meta({ description: 'For people; may change.' }),
    retryable: z.boolean().meta({ description: 'Whether the same request may succeed later.' }),
    status: z.int().optional().meta({ description: 'HTTP status that the provider answered with, if it answered.' }),
    provider: z.string().optional().meta({ description: 'Name of the provider that failed.' }),
    tried: z.array(triedProviderSchema).optional().meta({
      description: 'The providers that have failed, where there are several, in the order in which they were tried.',
    }),
  })
  .meta({ id: 'JobError' });

export type JobError = z.infer<typeof jobErrorSchema>;

interface CodedErrorOptions {
  cause?: unknown;
  retryable?: boolean;
  retryAfterMs?: number | undefined;
}

/** Base of every error that Holdfast throws on purpose. No client ever sees `cause`. */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly retryable: boolean;
  /** How long to wait before a retry, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, message: string, options: CodedErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * The process can't work until an operator changes a setting, or the set-up of Redis. The message is for the operator: it says
 * what is wrong and what to do, and contains no secret.
 */
export class MisconfigurationError extends CodedError {}

/** One problem of a request: where it is (dotted path, as in `input.messages.0.role`) and how to fix it. */
export interface RequestIssue {
  path: string;
  message: string;
}

/** A request that is refused with a problem document. `param` names the field or header at fault. */
export class RequestError extends CodedError<HttpErrorCode> {
  readonly status: number;
  readonly param: string | null;
  readonly issues: readonly RequestIssue[];

  constructor(
    code: HttpErrorCode,
    message: string,
    options: CodedErrorOptions & { param?: string; issues?: readonly RequestIssue[] } = {},
  ) {
    super(code, message, options);
    this.status = httpStatusOf[code];
    this.issues = options.issues ?? [];
    // An issue that concerns the whole body has an empty path.
    this.param = options.param ?? (this.issues[0]?.path || null);
  }
}

interface AttemptErrorOptions extends CodedErrorOptions {
  /** HTTP status that the provider answered with. */
  status?: number | undefined;
  /** Name of the provider that failed. */
  provider?: string | undefined;
  /** The call may have been charged: it broke off after the request was sent. Default false. */
  ambiguous?: boolean;
  /** The call certainly cost nothing. Default: true where the provider answered with another status than 2xx, unambiguously. */
  unpaid?: boolean;
  /** No further attempt is made, even if it might succeed. Default false. */
  isFinal?: boolean;
  /** Where several providers have failed. */
  tried?: readonly TriedProvider[];
}

const ATTEMPT_ERROR = Symbol.for('holdfast.attempt-error');

/**
 * A failed provider call, or a failed attempt. Becomes `job.error`.
 *
 * `instanceof` works across copies of this package: a task may bring another copy, and the errors it throws mean the same.
 */
export class AttemptError extends CodedError<JobErrorCode> {
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: derived classes are tested as usual
    if (this !== AttemptError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && ATTEMPT_ERROR in value;
  }

  readonly [ATTEMPT_ERROR] = true;
  readonly status: number | undefined;
  readonly provider: string | undefined;
  readonly ambiguous: boolean;
  readonly unpaid: boolean;
  readonly isFinal: boolean;
  readonly tried: readonly TriedProvider[];

  constructor(code: JobErrorCode, message: string, options: AttemptErrorOptions = {}) {
    super(code, message, options);
    const { status, provider, ambiguous = false, isFinal = false, tried = [] } = options;
    this.status = status;
    this.provider = provider;
    this.ambiguous = ambiguous;
    this.unpaid = options.unpaid ?? (!ambiguous && status !== undefined && status >= 300);
    this.isFinal = isFinal;
    this.tried = tried;
  }

  /** A copy of the error with these changes, of the same cause. */
  with({ message = this.message, ...change }: AttemptErrorOptions & { message?: string }): AttemptError {
    const { retryable, retryAfterMs, cause, status, provider, ambiguous, unpaid, isFinal, tried } = this;
    const known = { retryable, retryAfterMs, cause, status, provider, ambiguous, unpaid, isFinal, tried };
    return new AttemptError(this.code, message, { ...known, ...change });
  }

  toJobError(): JobError {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.status === undefined ? {} : { status: this.status }),
      ...(this.provider === undefined ? {} : { provider: this.provider }),
      ...(this.tried.length === 0 ? {} : { tried: [...this.tried] }),
    };
  }
}
