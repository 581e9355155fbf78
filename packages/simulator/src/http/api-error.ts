/** Errors in OpenAI's shape: `{"error":{"message","type","param","code"}}`. */

interface ApiErrorDetails {
  type?: string;
  param?: string | null;
  code?: string | null;
  headers?: Record<string, string>;
}

/** A request that is answered with an error. */
export class ApiError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly #details: ApiErrorDetails;

  constructor(status: number, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.headers = details.headers ?? {};
    this.#details = details;
  }

  toBody(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    const { type = typeOf(this.status), param = null, code = null } = this.#details;
    return { error: { message: this.message, type, param, code } };
  }
}

/** 400: the request is wrong. @param param the wrong member */
export function badRequest(message: string, param: string | null, code: string | null = null): ApiError {
  return new ApiError(400, message, { param, code });
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

const defaults: Record<number, [code: string | null, message: string]> = {
  400: [null, 'The request could not be understood.'],
  401: ['invalid_api_key', 'Incorrect API key provided.'],
  403: ['forbidden', 'This key may not use this model.'],
  404: ['not_found', 'The requested resource was not found.'],
  408: ['timeout', 'The request took too long.'],
  409: ['conflict', 'The request conflicts with another one.'],
  429: ['rate_limit_exceeded', 'Rate limit reached. Please slow down.'],
  500: ['server_error', 'The server had an error while processing the request.'],
  503: ['overloaded', 'The model is overloaded. Please try again later.'],
};

/**
 * The answer of `status=N` and of a number in `fail=`.
 * @param retryAfterS in seconds; only sent with 429 and 503, and also as `retry-after-ms` if it isn't a whole number
 */
export function statusError(status: number, code: string | null, retryAfterS: number | null): ApiError {
  const [ownCode, message] = defaults[status] ?? [null, `The simulator was instructed to answer ${status}.`];
  const headers: Record<string, string> = {};
  if (retryAfterS !== null && (status === 429 || status === 503)) {
    headers['retry-after'] = String(Math.ceil(retryAfterS));
    if (!Number.isInteger(retryAfterS)) headers['retry-after-ms'] = String(Math.round(retryAfterS * 1000));
  }
  return new ApiError(status, message, { code: code ?? ownCode, headers });
}
