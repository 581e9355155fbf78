/** How the admin API refuses: a problem document (RFC 9457). Everything that goes wrong on the way is one of these, too. */

export interface Issue {
  path: string;
  message: string;
}

interface ApiErrorParts {
  status: number;
  code: string;
  issues?: readonly Issue[];
  requestId?: string | null;
}

/** A request that didn't succeed. `code` is stable; the message is for people. */
export class ApiError extends Error {
  /** HTTP status; 0: no answer came. */
  readonly status: number;
  readonly code: string;
  readonly issues: readonly Issue[];
  /** Also in the server's log. */
  readonly requestId: string | null;

  constructor(message: string, { status, code, issues = [], requestId = null }: ApiErrorParts) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.issues = issues;
    this.requestId = requestId;
  }
}

interface Problem {
  code?: unknown;
  detail?: unknown;
  issues?: unknown;
  request_id?: unknown;
}

const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise);

/** What an unsuccessful answer says. A proxy's page has no problem document: its status is all that is known. */
export async function errorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem | null;
  const { status } = response;
  return new ApiError(text(problem?.detail, `The console answered with status ${status}.`), {
    status,
    code: text(problem?.code, `http_${status}`),
    issues: Array.isArray(problem?.issues) ? (problem.issues as Issue[]) : [],
    requestId: text(problem?.request_id, '') || null,
  });
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

/** What to show of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
