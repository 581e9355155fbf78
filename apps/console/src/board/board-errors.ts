/**
 * Errors as Bull Board's pages show them. A page reads `error.key` as the title and `message` as the text; of a problem document
 * as it is it would show an empty red box. So its answers say the same in these members too.
 */
import { RequestError } from '@holdfast/core';
import { PROBLEM_TYPE, problemOf, type Request, type RequestHandler, type Response, sendBody } from '@holdfast/service';

type Next = Parameters<RequestHandler>[2];
type ErrorHandler = (error: unknown, request: Request, response: Response, next: Next) => void;

/** @param translate what is known of an error that isn't a RequestError; null: nothing */
export function answerBoardErrors(translate: (error: unknown) => RequestError | null): ErrorHandler {
  return (thrown, request, response, next) => {
    const error = thrown instanceof RequestError ? thrown : (translate(thrown) ?? unexpected(thrown));
    // A request that no page of the board sends: the server base has words for it.
    if (error === null || response.headersSent) return next(thrown);
    // For the log, as the server base keeps it.
    if (error.status >= 500) response.err = error.cause instanceof Error ? error.cause : error;
    sendBoardProblem(response, error, request.requestId);
  };
}

/** null: the request was malformed. */
function unexpected(cause: unknown): RequestError | null {
  const { status } = (cause ?? {}) as { status?: number };
  if (status !== undefined && status >= 400 && status < 500) return null;
  return new RequestError(
    'internal_error',
    'Something went wrong on our side. It has been logged with the request id.',
    {
      cause,
    },
  );
}

function sendBoardProblem(response: Response, error: RequestError, requestId: string): void {
  const problem = problemOf(error, requestId);
  const shown = { ...problem, message: problem.detail, error: { ...problem.error, key: titleOf(problem.title) } };
  const { retryAfterMs } = error;
  sendBody(response, error.status, JSON.stringify(shown), {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
  });
}

/** The page looks the key up in its translations, and shows it as it is where it finds none. */
function titleOf(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}
