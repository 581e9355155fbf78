/**
 * No request waits longer than 2.5 s for Redis: each command is bounded, but a request sends several, one after the other.
 * What takes longer is answered with 503; it may still be done, which the same request sent again finds out.
 */
import { RequestError } from '@holdfast/core';
import type { Request, RequestHandler, Response } from '@holdfast/service';
import { Deadlines } from '../bounds/deadlines.ts';

/** Counted from the request's arrival, in ms. `Deadlines` adds up to 200. */
const ANSWER_MS = 2_200;

const deadlines = new Deadlines();

/** @param waitMs how long the client has asked the answer to wait, in ms */
export function answerInTime(handler: RequestHandler, waitMs: (request: Request) => number = () => 0): RequestHandler {
  return async (request, response, next) => {
    const answered = handler(request, response, next);
    await new Promise<void>((resolve, reject) => {
      const late = new Lateness(request, response, ANSWER_MS + waitMs(request), reject);
      // The handler that was too late goes on; what it still sends is refused by the answer that is out.
      Promise.resolve(answered).then(
        () => {
          late.callOff();
          resolve();
        },
        (error: unknown) => {
          late.callOff();
          reject(error);
        },
      );
    });
  };
}

/** Says so when it is time to answer. Never does once the answer has begun: a stream may take as long as its job. */
class Lateness {
  callOff: () => void;

  constructor(request: Request, response: Response, ms: number, onLate: (error: RequestError) => void) {
    const look = () => {
      if (response.headersSent || response.destroyed) return;
      // A body that is still on its way is late by itself; how long that may take is the server's to say.
      if (request.complete) onLate(tooLate());
      else this.callOff = deadlines.after(ms, look);
    };
    this.callOff = deadlines.after(ms, look);
  }
}

function tooLate(): RequestError {
  return new RequestError(
    'store_unavailable',
    'The store of jobs did not answer in time. This may have been done: send the same again, with the same key.',
    { retryAfterMs: 1_000 },
  );
}
