/** One HTTP request and its response, and how it is read and answered. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, badRequest } from './api-error.ts';
import { isJsonObject, type JsonObject } from './json.ts';

const MAX_BODY_BYTES = 32_000_000;

export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  url: URL;
  /** `performance.now()` at the arrival of the request. */
  startedAt: number;
}

export function openExchange(req: IncomingMessage, res: ServerResponse): Exchange {
  res.setHeader('x-request-id', `req_${randomUUID().replaceAll('-', '')}`);
  // Clients often break off here; `whenGone` notices it by the close.
  res.on('error', () => undefined);
  const url = URL.parse(`http://simulator${req.url}`) ?? new URL('../http:/simulator');
  return { req, res, url, startedAt: performance.now() };
}

/** Aborts when the connection closes before the answer was sent. */
export function whenGone({ res }: Exchange): AbortSignal {
  const gone = new AbortController();
  if (res.closed) gone.abort();
  res.once('close', () => {
    if (!res.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** @throws ApiError 400 or 413; Error when the client leaves */
export async function readJson({ req }: Exchange): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ApiError(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  const body = parse(Buffer.concat(chunks).toString('utf8'));
  if (!isJsonObject(body)) throw badRequest('The body must be a JSON object.', null);
  return body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('We could not parse the JSON body of your request.', null);
  }
}

/** Sends headers and the body; or, with `length`, only its first bytes, without ending the answer. */
export function sendJson(exchange: Exchange, status: number, body: object, length?: number): void {
  const bytes = Buffer.from(JSON.stringify(body));
  writeHead(exchange, status, { 'content-type': 'application/json', 'content-length': String(bytes.length) });
  if (length === undefined) exchange.res.end(bytes);
  else exchange.res.write(bytes.subarray(0, length));
}

export function sendError(exchange: Exchange, error: ApiError): void {
  for (const [name, value] of Object.entries(error.headers)) exchange.res.setHeader(name, value);
  // The rest of a body that is too large is not read, so the connection can't be used again.
  if (error.status === 413) exchange.res.setHeader('connection', 'close');
  sendJson(exchange, error.status, error.toBody());
}

export function writeHead({ res, startedAt }: Exchange, status: number, headers: Record<string, string>): void {
  const processingMs = String(Math.round(performance.now() - startedAt));
  res.writeHead(status, { 'openai-processing-ms': processingMs, 'openai-version': '2020-10-01', ...headers });
}
