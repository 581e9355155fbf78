/**
 * Errors as Bull Board's pages show them. A page shows `error.key` as the title and `message` as the text. With a plain problem
 * document it would show an empty red box. So these answers have both members too.
 */
import { RequestError } from '@holdfast/core';
import {
  PROBLEM_TYPE,
  problemOf,
  type Request,
  type RequestHandler,
  type Response,
  sendBody,
} from '@holdfast/service/http';

type Next = Parameters<RequestHandler>[2];
type ErrorHandler = (error: unknown, request: Request, response: Response, next: Next) => void;

/** @param translate turns another error into a RequestError; null for an unknown error */
export function answerBoardErrors(translate: (error: unknown) => RequestError | null): ErrorHandler {
  return (thrown, request, response, next) => {
    const error = thrown instanceof RequestError ? thrown : (translate(thrown) ?? unexpected(thrown));
    // No page of the board sends such a request. The server base answers it.
    if (error === null || response.headersSent) return next(thrown);
    // The server base logs this error.
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

/** The page looks the key up in its translations, and shows the key itself where it finds none. */
function titleOf(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}
