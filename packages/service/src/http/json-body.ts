/** JSON bodies of requests: the bytes that were sent, read up to a limit, and what they say, strictly. */
import { isJsonObject, type JsonObject, RequestError } from '@holdfast/core';
import type { Request } from 'express';
import type { z } from 'zod';
import { validationError } from './problem.ts';
import { parseStrictJson } from './strict-json.ts';

export interface JsonBody {
  /** As it was sent. */
  text: string;
  value: JsonObject;
}

/**
 * Reads a request's body, a JSON object of up to `limit` bytes. Call it once, and after it is known that the caller may
 * send one. A larger body is refused by its Content-Length before a byte of it is read, or where it passes the limit; a
 * compressed one is refused altogether. Not body-parser: that answers only when all of a body that is too large has come,
 * and it may never come.
 * @throws RequestError `unsupported_media_type`, `body_too_large`, `malformed_request`, `malformed_json`, `validation_failed`
 */
export async function readJsonBody(request: Request, limit: number): Promise<JsonBody> {
  const {
    'content-encoding': encoding = 'identity',
    'content-length': length,
    'content-type': type = '',
  } = request.headers;
  if (encoding.toLowerCase() !== 'identity') {
    throw new RequestError('unsupported_media_type', 'Send the body as it is: Content-Encoding is not supported.', {
      param: 'Content-Encoding',
    });
  }
  if (Number(length) > limit) throw tooLarge(limit);
  const bytes = await readBytes(request, limit);
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new RequestError('unsupported_media_type', 'Send JSON, with Content-Type: application/json.', {
      param: 'Content-Type',
    });
  }
  const { text, value } = parseStrictJson(bytes);
  if (!isJsonObject(value)) throw new RequestError('malformed_json', 'The body must be a JSON object.');
  return { text, value };
}

/** The same, as `schema` gives it; up to 64 KB where nothing else is said. @throws as `readJsonBody` */
export async function readBodyAs<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  limit = 65_536,
): Promise<z.infer<Schema>> {
  const result = schema.safeParse((await readJsonBody(request, limit)).value);
  if (!result.success) throw validationError(result.error);
  return result.data;
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
    // Most requests close after all of them was read: no error is made for those.
    request.once('error', broken).once('close', () => request.readableEnded || broken());
  });
}
