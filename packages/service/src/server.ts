/**
 * The base of an HTTP server, and the only home of express, helmet and pino-http:
 *
 *   1. request id   taken from a well-formed `X-Request-Id`, made otherwise; sent back
 *   2. log line     one per request, when it ends; fields by allow-list: no body, no header, no query
 *   3. helmet       security headers
 *   4. routes       the app's
 *   5. errors       problem documents; what isn't ours is `internal_error`, its message only in the log
 *
 * Errors that Node meets before there is a request (broken HTTP, endless headers) get problem documents too.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { HoldfastError, type HttpErrorCode, RequestError } from '@holdfast/core';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import { pinoHttp } from 'pino-http';
import { describeError, type ServiceLogger } from './logger.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

export { type Request, type RequestHandler, type Response, Router } from 'express';
export const serveFiles: typeof express.static = express.static;
export const readForm: typeof express.urlencoded = express.urlencoded;

/** Mounted routers cut their path off `url`; express keeps the whole in `originalUrl`. */
interface LoggedRequest {
  id: unknown;
  method: string;
  url: string;
  originalUrl?: string;
}

/** For answers that are no pages: nothing in them may load or run anything. Pages set policies of their own. */
const noPage: HelmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
};

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

export interface ServerAppOptions {
  logger: ServiceLogger;
  /** Default: for a server without pages. */
  helmet?: HelmetOptions;
  /** Registers the routes. */
  routes: (app: Express) => void;
  /** What else is known of an error that isn't a RequestError; null: nothing, it is `internal_error`. */
  translateError?: (error: unknown) => RequestError | null;
}

/** An express app with everything but the routes. */
export function createServerApp(options: ServerAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(requestLog(options.logger));
  app.use(helmet(options.helmet ?? noPage));
  options.routes(app);
  app.use((request) => {
    throw new RequestError('not_found', `There is nothing at ${request.method} ${request.path.slice(0, 100)}.`);
  });
  app.use(answerError(options));
  return app;
}

function requestLog(logger: ServiceLogger) {
  return pinoHttp<IncomingMessage, ServerResponse>({
    logger,
    // pino-http would describe an error before `describeError` gets to see it.
    wrapSerializers: false,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : `req_${randomUUID()}`;
      response.setHeader('x-request-id', id);
      return id;
    },
    // The path without the query: the query may hold metadata filters, and ids are all the path has.
    serializers: {
      req: ({ id, method, url, originalUrl }: LoggedRequest) => ({
        id,
        method,
        path: (originalUrl ?? url).split('?', 1)[0]?.slice(0, 200),
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
      err: describeError,
    },
    customLogLevel: (_request, response, error) =>
      response.statusCode >= 500 ? 'error' : error || response.statusCode >= 400 ? 'info' : 'debug',
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
  });
}

/** `error` as a RequestError: body-parser's and the router's errors by their `type` and status, never by their text. */
function asRequestError(error: unknown, translate: ServerAppOptions['translateError']): RequestError {
  if (error instanceof RequestError) return error;
  const { type, status, limit } = (error ?? {}) as { type?: string; status?: number; limit?: number };
  if (type === 'entity.too.large') {
    return new RequestError('body_too_large', `The body is larger than ${limit} bytes.`, { cause: error });
  }
  if (type === 'encoding.unsupported') {
    return new RequestError('unsupported_media_type', 'Send the body as it is: Content-Encoding is not supported.', {
      param: 'Content-Encoding',
      cause: error,
    });
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new RequestError('malformed_request', 'The request is malformed.', { cause: error });
  }
  return (
    translate?.(error) ??
    new RequestError('internal_error', 'Something went wrong on our side. It has been logged with the request id.', {
      cause: error,
    })
  );
}

function answerError({ translateError }: ServerAppOptions): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, _next) => {
    const known = asRequestError(error, translateError);
    if (known.status >= 500) response.err = known.cause instanceof Error ? known.cause : known;
    if (response.headersSent) {
      // Half an answer can't be taken back; a cut connection at least can't be taken for a whole one.
      response.destroy();
      return;
    }
    sendProblem(response, known, String(request.id));
  };
}

function sendProblem(response: Response, error: RequestError, requestId: string | undefined): void {
  if (error.code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer realm="holdfast"');
  if (error.retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1000));
  response.status(error.status).setHeader('content-type', PROBLEM_TYPE);
  response.setHeader('cache-control', 'no-store');
  response.end(JSON.stringify(problemOf(error, requestId)));
}

const clientErrors: Record<string, [HttpErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The headers are larger than 16 KB altogether.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
};

function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [code, detail] = clientErrors[error.code ?? ''] ?? ['malformed_request', 'This is not well-formed HTTP/1.1.'];
  const problem = new RequestError(code, detail);
  const body = JSON.stringify(problemOf(problem, undefined));
  socket.end(
    `HTTP/1.1 ${problem.status} ${code}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

export interface RunningServer {
  url: string;
  server: Server;
  /** Takes no new connections, gives requests under way `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Listens. @throws HoldfastError `cannot_listen` naming the address and why */
export async function listen(app: Express, options: { host: string; port: number }): Promise<RunningServer> {
  // Node looks for requests that are late every 30 s by default, which would double what they are given.
  const late = { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 };
  const server = createServer({ maxHeaderSize: 16_384, ...late }, app);
  // Longer than proxies keep theirs (60 s is usual): else one reuses a connection that is just being closed.
  server.keepAliveTimeout = 65_000;
  server.on('clientError', answerClientError);
  server.on('request', (request, response) => {
    // While the server closes, a client that keeps its connection for later would hold it up for the whole grace.
    response.once('finish', () => server.listening || request.socket.end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'it is taken' : (error.code ?? error.message);
      const address = `${options.host}:${options.port}`;
      reject(new HoldfastError('cannot_listen', `Can't listen on ${address}: ${why}.`, { cause: error }));
    });
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, server, close: (graceMs) => closeServer(server, graceMs) };
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}
