/** Reads and validates what a request brings: errors name the field and the fix. */
import type { Operation } from '@holdfast/admin';
import { RequestError, validationError } from '@holdfast/core';
import { type Request, readBodyAs } from '@holdfast/service/http';

/** @throws RequestError `validation_failed` */
export function readQuery({ query }: Operation, request: Request): unknown {
  if (query === undefined) return undefined;
  const repeated = Object.entries(request.query).find(([, value]) => typeof value !== 'string');
  if (repeated) {
    const [path] = repeated;
    throw new RequestError('validation_failed', `${path}: is there more than once; send one.`, { param: path });
  }
  const result = query.safeParse(request.query);
  if (!result.success) throw validationError(result.error);
  return result.data;
}

/** @param maxBytes default 64 KB. @throws as `readBodyAs` */
export async function readBody({ body }: Operation, request: Request, maxBytes?: number): Promise<unknown> {
  return body === undefined ? undefined : readBodyAs(request, body, maxBytes);
}
