/**
 * The span of a request, by the semantic conventions of HTTP servers. Only submits and attaches have one: they are where a job's trace
 * begins, and where it is read. A `tracestate` is dropped: it would not fit into the job's record.
 */
import { parseTraceparent, type Span, type TraceContext, type Tracer } from '@holdfast/core';
import type { Request, RequestHandler, Response } from '@holdfast/service/http';

declare global {
  namespace Express {
    interface Request {
      /** Missing where no traces are exported, and for requests that have none. */
      span?: Span;
    }
  }
}

/** The span of the caller's that sent the request; null: it sent none, or none that is valid. */
export function callersTrace({ headers }: Request): TraceContext | null {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? parseTraceparent(traceparent) : null;
}

interface RequestSpan {
  parent: TraceContext | null;
  links?: readonly TraceContext[];
}

/** It ends with the request: it was answered, or its client has left. */
export function startRequestSpan(tracer: Tracer, request: Request, response: Response, of: RequestSpan): Span {
  const { method, originalUrl, protocol } = request;
  const route = (request.route as { path: string }).path.replace(/:(\w+)/g, '{$1}');
  const span = tracer.start(`${method} ${route}`, {
    ...of,
    kind: 'server',
    attributes: {
      'http.request.method': method,
      'http.route': route,
      // Without the query.
      'url.path': originalUrl.split('?', 1)[0],
      'url.scheme': protocol,
      'holdfast.request.id': request.requestId,
    },
  });
  response.once('close', () => endSpan(span, response));
  request.span = span;
  return span;
}

function endSpan(span: Span, { statusCode }: Response): void {
  span.set({ 'http.response.status_code': statusCode });
  // A request that is refused is its client's error, not this server's.
  span.end(statusCode >= 500 ? String(statusCode) : undefined);
}

/** Gives each request of a route a span, from its beginning, in its caller's trace or in a new one. */
export function withSpan(tracer: Tracer | null, handler: RequestHandler): RequestHandler {
  if (tracer === null) return handler;
  return (request, response, next) => {
    startRequestSpan(tracer, request, response, { parent: callersTrace(request) });
    return handler(request, response, next);
  };
}
