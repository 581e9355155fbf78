/**
 * No request waits longer than 2.5 s for Redis. Each command has a time limit, but a request sends several, one after the other. A
 * request that takes longer is answered with 503. It may still succeed; the client finds out by sending it again.
 */
import { RequestError } from '@holdfast/core';
import type { Request, RequestHandler, Response } from '@holdfast/service/http';
import { Deadlines } from '../bounds/deadlines.ts';

/** Counted from the request's arrival, in ms. `Deadlines` adds up to 200. */
const ANSWER_MS = 2_200;

const deadlines = new Deadlines();

/** @param waitMs how long the client asks the answer to wait, in ms */
export function answerInTime(handler: RequestHandler, waitMs: (request: Request) => number = () => 0): RequestHandler {
  return async (request, response, next) => {
    const answered = handler(request, response, next);
    await new Promise<void>((resolve, reject) => {
      const timeout = new AnswerTimeout(request, response, ANSWER_MS + waitMs(request), reject);
      // A late handler goes on, but its answer is refused, since one was sent already.
      Promise.resolve(answered).then(
        () => {
          timeout.cancel();
          resolve();
        },
        (error: unknown) => {
          timeout.cancel();
          reject(error);
        },
      );
    });
  };
}

/** Calls `onLate` when the answer is late, unless it has begun: a stream may take as long as its job. */
class AnswerTimeout {
  cancel: () => void;

  constructor(request: Request, response: Response, ms: number, onLate: (error: RequestError) => void) {
    const check = () => {
      if (response.headersSent || response.destroyed) return;
      // Node's server limits the time of a body that is still arriving.
      if (request.complete) onLate(tooLate());
      else this.cancel = deadlines.after(ms, check);
    };
    this.cancel = deadlines.after(ms, check);
  }
}

function tooLate(): RequestError {
  return new RequestError(
    'store_unavailable',
    'The job store did not answer in time. The request may have succeeded: send it again, with the same Idempotency-Key.',
    { retryAfterMs: 1_000 },
  );
}
