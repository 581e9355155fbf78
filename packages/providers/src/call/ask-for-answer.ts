/**
 * Asks a provider for an answer, streamed where it can stream. Streaming is what Holdfast prefers, not what it insists on: a provider
 * that refuses `stream` or `stream_options`, for a model or a format, is asked again without, within the same call, since
 * a refusal costs nothing. What it would not do is remembered once it has answered without.
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

/** Models come from clients: no more than so many are remembered. */
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

/** Statuses by which streaming is refused. */
const mayRefuse = new Set<number | undefined>([400, 403, 404, 405, 415, 422, 500, 501]);

/** What may be asked for instead; null: it was refused for another reason. */
function lessThan({ stream, streamOptions }: StreamPreference, error: unknown): StreamPreference | null {
  if (!stream || !(error instanceof APIError) || !mayRefuse.has(error.status)) return null;
  // Its words only: some bodies quote the request.
  const { message, param } = readErrorBody(error.error);
  const words = `${param} ${message}`;
  if (streamOptions && /stream_options|include_usage/i.test(words)) return { stream, streamOptions: false };
  return /\bstream(ing|ed)?\b/i.test(words) ? { stream: false, streamOptions: false } : null;
}

function requestOf(call: ProviderCall, preference: StreamPreference, inBackground: boolean): ProviderRequest {
  const { endpoint, idempotencyKey } = call;
  return {
    method: 'post',
    path: paths[endpoint],
    body: bodyOf(call, preference, inBackground),
    // The SDK's own option of this name sends nothing.
    ...(idempotencyKey === undefined ? {} : { headers: { 'Idempotency-Key': idempotencyKey } }),
  };
}

/** What the client said of `stream` and `background` is not obeyed: an answer is never left to run where nobody would find it. */
function bodyOf(
  { endpoint, body }: ProviderCall,
  { stream, streamOptions }: StreamPreference,
  inBackground: boolean,
): JsonObject {
  const { stream: _, stream_options, background: __, ...rest } = body;
  if (endpoint === 'embeddings') return rest;
  const asked: JsonObject = { ...rest, ...(inBackground ? { background: true } : {}) };
  if (!stream) return asked;
  const clients = typeof stream_options === 'object' ? stream_options : null;
  if (!streamOptions) return { ...asked, stream };
  if (endpoint === 'responses') return { ...asked, stream, ...(clients ? { stream_options: clients } : {}) };
  return { ...asked, stream, stream_options: { ...clients, include_usage: true } };
}
