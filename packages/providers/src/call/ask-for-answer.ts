/**
 * Asks a provider for an answer, streamed where the provider can stream. A provider that refuses `stream` or `stream_options` for a
 * model or a format is asked again without it, within the same call, since a refusal costs nothing. The refusal is remembered once
 * the provider has answered without it.
 */
import type { JsonObject, ProviderCall } from '@holdfast/core';
import { APIError } from 'openai';
import { readErrorBody } from '../failure/error-body.ts';
import { ask, type ProviderRequest } from './ask-provider.ts';
import type { Connection } from './connection.ts';
import type { StreamPreference, StreamRefusals, Upstream } from './upstream.ts';

const paths = {
  responses: '/responses',
  'chat.completions': '/chat/completions',
  embeddings: '/embeddings',
} as const satisfies Record<ProviderCall['endpoint'], string>;

/** How many are remembered: clients choose the models. */
const MAX_REMEMBERED = 1_000;

/** Resolves with the headers of a 2xx answer. @throws what `ask` throws */
export async function askForAnswer(
  upstream: Upstream,
  call: ProviderCall,
  connection: Connection,
  inBackground: boolean,
): Promise<Response> {
  const { refusals, preference, models } = upstream;
  const name = String(call.body.model);
  const asked = Object.hasOwn(models, name) ? { ...call, body: { ...call.body, model: models[name] ?? name } } : call;
  const key = `${call.endpoint} ${asked.body.model}`;
  const known = refusals.get(key) ?? preference;
  for (let wanted = known; ; ) {
    try {
      const response = await ask(upstream, requestOf(asked, wanted, inBackground), connection);
      if (wanted !== known) remember(refusals, key, wanted);
      return response;
    } catch (error) {
      const less = connection.signal.aborted ? null : lessThan(wanted, error);
      if (!less || call.endpoint === 'embeddings') throw error;
      wanted = less;
    }
  }
}

function remember(refusals: StreamRefusals, key: string, wanted: StreamPreference): void {
  const [oldest] = refusals.keys();
  if (refusals.size >= MAX_REMEMBERED && oldest !== undefined) refusals.delete(oldest);
  refusals.set(key, wanted);
}

/** Statuses with which providers refuse streaming. */
const refusalStatuses = new Set<number | undefined>([400, 403, 404, 405, 415, 422, 500, 501]);

/** What to ask for instead; null: the request was refused for another reason. */
function lessThan({ stream, streamOptions }: StreamPreference, error: unknown): StreamPreference | null {
  if (!stream || !(error instanceof APIError) || !refusalStatuses.has(error.status)) return null;
  // Only its message and param: some bodies quote the request.
  const { message, param } = readErrorBody(error.error);
  const words = `${param} ${message}`;
  if (streamOptions && /stream_options|include_usage/i.test(words)) return { stream, streamOptions: false };
  return /\bstream(ing|ed)?\b/i.test(words) ? { stream: false, streamOptions: false } : null;
}

function requestOf(call: ProviderCall, preference: StreamPreference, inBackground: boolean): ProviderRequest {
  const { endpoint } = call;
  const headers = headersOf(call);
  return {
    method: 'post',
    path: paths[endpoint],
    body: bodyOf(call, preference, inBackground),
    ...(headers ? { headers } : {}),
  };
}

function headersOf({ idempotencyKey, traceparent }: ProviderCall): Record<string, string> | null {
  if (idempotencyKey === undefined && traceparent === undefined) return null;
  return {
    // The SDK's own option of this name sends nothing.
    ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** Ignores the client's `stream` and `background`: an answer must never run where nobody would find it. */
function bodyOf(
  { endpoint, body }: ProviderCall,
  { stream, streamOptions }: StreamPreference,
  inBackground: boolean,
): JsonObject {
  const { stream: _, stream_options, background: __, ...rest } = body;
  if (endpoint === 'embeddings') return rest;
  const request: JsonObject = { ...rest, ...(inBackground ? { background: true } : {}) };
  if (!stream) return request;
  const clients = typeof stream_options === 'object' ? stream_options : null;
  if (!streamOptions) return { ...request, stream };
  if (endpoint === 'responses') return { ...request, stream, ...(clients ? { stream_options: clients } : {}) };
  return { ...request, stream, stream_options: { ...clients, include_usage: true } };
}
