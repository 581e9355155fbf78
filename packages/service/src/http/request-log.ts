/**
 * One log line per request, when it is over: answered, or its client gone. Fields by allow-list: no body, no header, no
 * query; whose it is, and the job that it submits. An answer of 500 and above is an error, one of 400 and above worth a line at `info`, any other at `debug`: a
 * line that isn't written costs nothing.
 */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { describeError, type ServiceLogger } from '../logger.ts';

declare global {
  namespace Express {
    interface Request {
      requestId: string;
    }
    interface Response {
      /** What went wrong, for the log. */
      err?: Error;
      /** Whose request it is and which job it is about, where that isn't in its path: for the log. */
      about?: { tenant: string; jobId?: string };
    }
  }
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Called once for each request, when it is over. */
export type OnRequestEnd = (request: Request, response: Response, seconds: number) => void;

export function logRequests(logger: ServiceLogger, onEnd?: OnRequestEnd): RequestHandler {
  // Of errors nothing but what `describeError` allows, whatever logger this is.
  const log = logger.child({}, { serializers: { err: describeError } });
  return (request, response, next) => {
    const began = performance.now();
    request.requestId = requestIdOf(request);
    response.on('error', noteError);
    response.once('close', () => {
      const ms = performance.now() - began;
      writeLine(log, request, response, ms);
      onEnd?.(request, response, ms / 1_000);
    });
    next();
  };
}

function requestIdOf({ headers }: Request): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : `req_${randomUUID()}`;
}

/** Without a listener, what is written after an answer's end would end the process. */
function noteError(this: Response, error: Error): void {
  this.err ??= error;
}

function writeLine(log: ServiceLogger, request: Request, response: Response, ms: number): void {
  const { statusCode: status, err, about } = response;
  const level = status >= 500 ? 'error' : err || status >= 400 ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { requestId: id, method, originalUrl } = request;
  // The path without the query: the query may hold metadata filters, and ids are all the path has.
  const path = originalUrl.split('?', 1)[0]?.slice(0, 200);
  log[level](
    { req: { id, method, path }, res: { status }, responseTime: Math.round(ms), ...about, ...(err ? { err } : {}) },
    'request',
  );
}
