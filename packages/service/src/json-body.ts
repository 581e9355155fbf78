/** JSON bodies of requests: the bytes that were sent, read up to a limit, and what they say, strictly. */
import { isJsonObject, type JsonObject, RequestError } from '@holdfast/core';
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import { validationError } from './problem.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * Reads the body into memory, up to `limit` bytes. A larger one is refused by its Content-Length before a byte of it is
 * read, or where it passes the limit; a compressed one is refused altogether. Not body-parser's `raw`: that answers
 * only when all of a body that is too large has come, and it may never come.
 */
export function readJsonBody(limit: number): RequestHandler {
  return async (request, _response, next) => {
    const { 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
    if (encoding.toLowerCase() !== 'identity') {
      throw new RequestError('unsupported_media_type', 'Send the body as it is: Content-Encoding is not supported.', {
        param: 'Content-Encoding',
      });
    }
    if (Number(length) > limit) throw tooLarge(limit);
    request.body = await readBytes(request, limit);
    next();
  };
}

function tooLarge(limit: number): RequestError {
  return new RequestError('body_too_large', `The body is larger than ${limit} bytes.`);
}

function readBytes(request: Request, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      // Read on, and thrown away: a client cut off while it sends would not get to see the answer.
      chunks = [];
      reject(tooLarge(limit));
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    const broken = (cause?: Error) => reject(new RequestError('malformed_request', 'The body broke off.', { cause }));
    request.once('error', broken).once('close', () => broken());
  });
}

export interface JsonBody {
  /** As it was sent. */
  text: string;
  value: JsonObject;
}

/**
 * The object that `readJsonBody` has read.
 * @throws RequestError `unsupported_media_type`, `malformed_json`, `validation_failed`
 */
export function jsonBodyOf(request: Request): JsonBody {
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new RequestError('unsupported_media_type', 'Send JSON, with Content-Type: application/json.', {
      param: 'Content-Type',
    });
  }
  const { text, value } = parseStrictJson(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  if (!isJsonObject(value)) throw new RequestError('malformed_json', 'The body must be a JSON object.');
  return { text, value };
}

/** The body as `schema` gives it. @throws as `jsonBodyOf` */
export function parseBody<Schema extends z.ZodType>(request: Request, schema: Schema): z.infer<Schema> {
  const result = schema.safeParse(jsonBodyOf(request).value);
  if (!result.success) throw validationError(result.error);
  return result.data;
}
