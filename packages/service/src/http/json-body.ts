/** JSON bodies of requests: read up to a limit, and parsed strictly. */
import { isJsonObject, type JsonObject, RequestError, validationError } from '@holdfast/core';
import type { Request } from 'express';
import type { z } from 'zod';
import { parseStrictJson } from './strict-json.ts';

export interface JsonBody {
  /** As it was sent. */
  text: string;
  value: JsonObject;
}

/**
 * Reads a request's body, a JSON object of up to `limit` bytes. Call it once, after the caller is known to be allowed to send one.
 * A larger body is refused by its Content-Length before it is read, or when it exceeds the limit; a compressed body is always
 * refused. Not body-parser: it answers a body that is too large only after all of it has arrived, which may never happen.
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

/** The same, validated by `schema`. @param limit default 64 KB. @throws as `readJsonBody` */
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
      // The rest is read and ignored: a client that is cut off while it sends would not see the answer.
      chunks = [];
      reject(tooLarge(limit));
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    const broken = (cause?: Error) => reject(new RequestError('malformed_request', 'The body broke off.', { cause }));
    // Usually a request closes after all of it was read: that is not an error.
    request.once('error', broken).once('close', () => request.readableEnded || broken());
  });
}
