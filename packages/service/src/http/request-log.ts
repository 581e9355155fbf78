/**
 * One log line per request, when it is over: it was answered, or its client has left. Fields are an allow-list: no body, no headers, no
 * query; but the tenant, the job that it submits, and the trace. The level is `error` for a status of 500 and above, `info` for 400 and above,
 * and `debug` for all others.
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
      /** The error behind the answer, for the log. */
      err?: Error;
      /** The tenant, the job where it isn't in the path, and the trace, for the log. */
      about?: { tenant: string; jobId?: string; traceId?: string };
    }
  }
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Called once for each request, when it is over. */
export type OnRequestEnd = (request: Request, response: Response, seconds: number) => void;

export function logRequests(logger: ServiceLogger, onEnd?: OnRequestEnd): RequestHandler {
  // Whatever the logger, errors are logged only as `describeError` allows.
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

/** Without a listener, a write after the end of an answer would end the process. */
function noteError(this: Response, error: Error): void {
  this.err ??= error;
}

function writeLine(log: ServiceLogger, request: Request, response: Response, ms: number): void {
  const { statusCode: status, err, about } = response;
  const level = status >= 500 ? 'error' : err || status >= 400 ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { requestId: id, method, originalUrl } = request;
  // Without the query, which may contain metadata filters. The path only contains ids.
  const path = originalUrl.split('?', 1)[0]?.slice(0, 200);
  log[level](
    { req: { id, method, path }, res: { status }, responseTime: Math.round(ms), ...about, ...(err ? { err } : {}) },
    'request',
  );
}
