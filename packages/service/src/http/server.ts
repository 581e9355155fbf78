/**
 * The base of an HTTP server. Only this file and its neighbors import express:
 *
 *   1. request id   from a well-formed `X-Request-Id`, or a new one; sent back
 *   2. log line     one per request, when it ends (`request-log.ts`)
 *   3. routes       the app's
 *   4. errors       problem documents; an unknown error becomes `internal_error`, and only the log has its message
 *   5. head         security headers (`security-headers.ts`) and the request id, in every answer
 *
 * Errors in Node before there is a request (broken HTTP, headers without end) get problem documents too.
 */
import { createServer as createHttpServer, type OutgoingHttpHeaders, type Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { CodedError, type HttpErrorCode, RequestError } from '@holdfast/core';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import type { HelmetOptions } from 'helmet';
import type { ServiceLogger } from '../logger.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { logRequests, type OnRequestEnd } from './request-log.ts';
import { type HeaderValues, securityHeaders } from './security-headers.ts';

export { type Request, type RequestHandler, type Response, Router } from 'express';
export const serveFiles: typeof express.static = express.static;

export interface ServerAppOptions {
  logger: ServiceLogger;
  /** Default: for a server without pages. */
  helmet?: HelmetOptions;
  /** Registers the routes. */
  routes: (app: Express) => void;
  /** The proxies whose X-Forwarded-… headers count: how many, or their addresses. Default: none. */
  trustProxy?: number | readonly string[];
  /** For metrics. */
  onRequestEnd?: OnRequestEnd;
  /** Translates an error that isn't a RequestError; null: unknown, it becomes `internal_error`. */
  translateError?: (error: unknown) => RequestError | null;
}

/** An express app with everything but the routes. */
export function createServerApp(options: ServerAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  if (options.trustProxy !== undefined) app.set('trust proxy', options.trustProxy);
  writeHeadsWith(app, securityHeaders(options.helmet));
  app.use(logRequests(options.logger, options.onRequestEnd));
  options.routes(app);
  app.use((request) => {
    throw new RequestError('not_found', `There is nothing at ${request.method} ${request.path.slice(0, 100)}.`);
  });
  app.use(answerError(options));
  return app;
}

/**
 * Adds the request id and `common` to the head of every answer, where the answer hasn't set them. It changes the prototype of
 * answers: every way to answer calls `writeHead`, also in mounted apps.
 */
function writeHeadsWith(app: Express, common: HeaderValues): void {
  const { writeHead } = ServerResponse.prototype;
  app.response.writeHead = function (this: Response, status: number, ...rest: unknown[]) {
    const [own] = rest;
    const all = { ...common, 'x-request-id': this.req.requestId };
    // Nothing was set before, so the whole head is written at once: headers that are set one by one take Node much longer.
    if ((own === undefined || isHeaders(own)) && this.getHeaderNames().length === 0) {
      return writeHead.call(this, status, { ...all, ...own });
    }
    for (const [name, value] of Object.entries(all)) if (!this.hasHeader(name)) this.setHeader(name, value);
    return Reflect.apply(writeHead, this, [status, ...rest]) as Response;
  } as Response['writeHead'];
}

function isHeaders(value: unknown): value is OutgoingHttpHeaders {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Translates errors of express and body-parser by their `type` and status, never by their text. */
function toRequestError(error: unknown, translate: ServerAppOptions['translateError']): RequestError {
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
    new RequestError('internal_error', 'Something went wrong in the server. The log has it under this request id.', {
      cause: error,
    })
  );
}

function answerError({ translateError }: ServerAppOptions): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, _next) => {
    const known = toRequestError(error, translateError);
    if (known.status >= 500) response.err = known.cause instanceof Error ? known.cause : known;
    if (response.headersSent) {
      // Part of the answer was sent. A cut connection at least shows that it isn't complete.
      response.destroy();
      return;
    }
    sendProblem(response, known, request.requestId);
  };
}

function sendProblem(response: Response, error: RequestError, requestId: string): void {
  const { retryAfterMs } = error;
  sendBody(response, error.status, JSON.stringify(problemOf(error, requestId)), {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    ...(error.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="holdfast"' } : {}),
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  });
}

/** Sends head and body in one write. @param headers with names in lower case */
export function sendBody(response: Response, status: number, body: string, headers: OutgoingHttpHeaders): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

const clientErrors: Record<string, [HttpErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The headers are larger than 16 KB in total.'],
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
  /** Takes no new connections, waits `graceMs` for requests under way, then closes all connections. */
  close(graceMs: number): Promise<void>;
}

/** PEM texts. */
export interface TlsFiles {
  cert: string;
  key: string;
}

interface ListenOptions {
  host: string;
  port: number;
  /** Default: plain HTTP. */
  tls?: TlsFiles | null;
}

/** Starts to listen. @throws CodedError `cannot_listen` with the address and the reason */
export async function listen(app: Express, options: ListenOptions): Promise<RunningServer> {
  // By default Node checks for late requests every 30 s, which would double their time.
  const late = { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 };
  const base = { maxHeaderSize: 16_384, ...late };
  const { tls } = options;
  const server = tls ? createHttpsServer({ ...base, cert: tls.cert, key: tls.key }, app) : createHttpServer(base, app);
  // Longer than proxies keep theirs (usually 60 s), or a proxy might reuse a connection that is just being closed.
  server.keepAliveTimeout = 65_000;
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : (error.code ?? error.message);
      const address = `${options.host}:${options.port}`;
      reject(new CodedError('cannot_listen', `Can't listen on ${address}: ${why}.`, { cause: error }));
    });
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${tls ? 'https' : 'http'}://${host}:${port}`,
    server,
    close: (graceMs) => closeServer(server, graceMs),
  };
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Repeatedly, because a client that keeps an idle connection would delay the end by the whole grace time.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
