/** One HTTP request to a provider through the SDK, whatever its content, and the meaning of its failures. */
import { AttemptError, type JsonObject } from '@holdfast/core';
import { APIConnectionError, APIError } from 'openai';
import type { Failures } from '../failure/failures.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Upstream } from './upstream.ts';

export interface ProviderRequest {
  method: 'get' | 'post';
  path: string;
  query?: Record<string, string | number | boolean | readonly string[]>;
  headers?: Record<string, string>;
  body?: JsonObject;
}

/** Resolves with the headers of a 2xx answer. */
export async function ask(
  { client, failures, limits }: Upstream,
  { method, path, ...options }: ProviderRequest,
  connection: Connection,
): Promise<Response> {
  const { firstByteTimeoutMs } = limits;
  const timer = setTimeout(() => connection.fail(failures.timeout(firstByteTimeoutMs)), firstByteTimeoutMs);
  try {
    // Not the SDK's typed methods, which change requests for embeddings and drop unknown members.
    return await client[method](path, { ...options, signal: connection.signal }).asResponse();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` on a new connection, which is closed if it fails.
 * @throws the caller's reason after an abort; otherwise AttemptError
 */
export async function withConnection<T>(
  upstream: Upstream,
  caller: AbortSignal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  caller.throwIfAborted();
  const connection = openConnection(caller);
  try {
    const done = await work(connection);
    connection.release();
    return done;
  } catch (error) {
    caller.throwIfAborted();
    const failure = toAttemptError(error, connection, upstream.failures);
    connection.close();
    throw failure;
  }
}

export function toAttemptError(thrown: unknown, { signal }: Connection, failures: Failures): AttemptError {
  const error: unknown = signal.aborted ? signal.reason : thrown;
  if (error instanceof AttemptError) return error;
  if (error instanceof APIConnectionError) return failures.connection(error);
  if (error instanceof APIError && error.status !== undefined) return failures.status(error, error.status);
  return failures.unexpected(error);
}
