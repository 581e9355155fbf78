/** JSON bodies of requests: the bytes that were sent, read up to a limit, and what they say, strictly. */
import { isJsonObject, type JsonObject, RequestError } from '@holdfast/core';
import express, { type Request, type RequestHandler } from 'express';
import type { z } from 'zod';
import { validationError } from './problem.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * Reads the body into memory, up to `limit` bytes. A larger one is refused by its Content-Length before a byte of it is
 * read, or where it passes the limit; a compressed one is refused altogether.
 */
export function readJsonBody(limit: number): RequestHandler {
  return express.raw({ type: () => true, limit, inflate: false });
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
