/**
 * Stage 4 of 6: one call to an OpenAI-compatible provider, through the official SDK.
 * Before it: the worker (`apps/worker`); after it: the journal (`packages/journal`), which stores the events that are yielded here.
 *
 *   1 ask     POST the client's body, streamed wherever the provider can stream      ask-for-answer.ts, ask-provider.ts
 *   2 watch   bytes and silence, before parsing                                      read-body.ts
 *   3 parse   server-sent events or one document, whatever its content type          read-answer.ts, parse-events.ts
 *   4 map     chunks and events to ProviderEvents, losing nothing                    chat-events.ts, response-events.ts
 *   5 build   the result                                   answer-readers.ts, chat-completion.ts, response-output.ts
 *   6 classify   failures, as AttemptErrors                        error-body.ts, waits.ts, classify-error.ts, failures.ts
 *
 * Responses that run in the background have their own steps 1 and 3, and can be resumed: background-response.ts, follow-response.ts.
 * cancel-response.ts ends them.
 *
 * It does not retry, count tokens or know about jobs. Of the environment only the SDK's OPENAI_CUSTOM_HEADERS is read.
 */
import { MAX_TIMER_MS, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import OpenAI from 'openai';
import { createChatReader, createResponseReader } from '../answer/answer-readers.ts';
import { openAnswer, readEmbeddings, readStream, type UpstreamAnswer } from '../answer/read-answer.ts';
import { createFailures } from '../failure/failures.ts';
import { readHeadroom } from '../health/rate-limit-headroom.ts';
import { askForAnswer } from './ask-for-answer.ts';
import { toAttemptError } from './ask-provider.ts';
import { backgroundOf, classifyInBackground } from './background-response.ts';
import { boundErrorBodies } from './bounded-fetch.ts';
import { cancelResponse } from './cancel-response.ts';
import { type Connection, openConnection } from './connection.ts';
import { fetchOptionsFor } from './dispatcher-without-timeouts.ts';
import { type BackgroundCall, followResponse, resumeResponse } from './follow-response.ts';
import type { Upstream } from './upstream.ts';

export interface OpenAiProviderOptions {
  /** For errors and metrics. Clients see it. */
  name: string;
  /** With the version, as in `https://api.openai.com/v1`. Its query is sent with every request. */
  baseUrl: string;
  /** undefined: no Authorization header is sent. */
  apiKey: string | undefined;
  /** Sent with every request. Never quoted in errors. */
  headers?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  /** The provider's names of models, by the names that jobs use. */
  models?: Readonly<Record<string, string>>;
  /** false: answers are requested as one document. Default: true, unless the provider refuses it. */
  stream?: boolean;
  /** false: `stream_options` isn't sent. Default: true, unless the provider refuses it. */
  streamOptions?: boolean;
  /** Time limit for the headers, in ms, and again for the first byte after them. Default 120,000. */
  firstByteTimeoutMs?: number;
  /** The longest time between two bytes, in ms; comments count. Default 300,000, because models that think for long are silent. */
  idleTimeoutMs?: number;
  /** Size limit of one server-sent event, or of an answer that is one document. Default 64 MiB. */
  maxAnswerBytes?: number;
  /** Time limit of `cancelResponse`, in ms. Default 5,000. */
  cancelTimeoutMs?: number;
  fetch?: typeof fetch;
}

/**
 * A provider with an OpenAI-compatible API. Its calls share connections.
 * @throws TypeError where `baseUrl` is not a URL
 */
export function createOpenAiProvider(options: OpenAiProviderOptions): Provider {
  const { name, firstByteTimeoutMs = 120_000, idleTimeoutMs = 300_000 } = options;
  const { maxAnswerBytes = 64 * 2 ** 20, cancelTimeoutMs = 5000 } = options;
  const { models = {}, stream = true, streamOptions = true } = options;
  const limits = { firstByteTimeoutMs, idleTimeoutMs, maxAnswerBytes };
  const upstream: Upstream = {
    client: createClient(options, limits),
    failures: createFailures(name, secretsIn(options)),
    limits,
    preference: { stream, streamOptions },
    refusals: new Map(),
    models,
  };
  return {
    name,
    call: (call) => streamCall(upstream, call),
    cancelResponse: (responseId) => cancelResponse(upstream, responseId, cancelTimeoutMs),
  };
}

/** Shorter texts are not secrets, and may be part of any word. */
const MIN_SECRET_LENGTH = 6;

/** Everything sent to a provider that may be a secret, in all forms in which the provider may quote it. */
function secretsIn({ baseUrl, apiKey = '', headers = {}, query = {} }: OpenAiProviderOptions): string[] {
  const values = [
    apiKey,
    ...Object.values(headers),
    ...Object.values(query),
    ...new URL(baseUrl).searchParams.values(),
  ];
  // `Bearer abc` may be quoted without its first word.
  const all = values.flatMap((value) => [value, ...value.split(' ').slice(1)]);
  return [...new Set(all.flatMap((value) => [value, encodeURIComponent(value)]))]
    .filter((value) => value.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
}

function createClient(options: OpenAiProviderOptions, limits: UpstreamAnswer['limits']): OpenAI {
  const { apiKey, headers, query, fetch: given } = options;
  const url = new URL(options.baseUrl);
  const defaultQuery = { ...Object.fromEntries(url.searchParams), ...query };
  url.search = '';
  const longTimeouts = given ? {} : fetchOptionsFor(limits.firstByteTimeoutMs, limits.idleTimeoutMs);
  return new OpenAI({
    baseURL: url.href.replace(/\/$/, ''),
    defaultQuery,
    // The SDK needs a key, and reads options that are missing here from the environment.
    apiKey: apiKey ?? 'none',
    defaultHeaders: { ...(apiKey === undefined ? { Authorization: null } : {}), ...headers },
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    // The SDK's own time-out ends with the headers; the time-outs here cover more.
    timeout: MAX_TIMER_MS,
    fetch: boundErrorBodies(given ?? fetch),
    fetchOptions: { redirect: 'manual', ...longTimeouts },
  });
}

async function* streamCall(upstream: Upstream, call: ProviderCall): AsyncGenerator<ProviderEvent> {
  call.signal.throwIfAborted();
  const connection = openConnection(call.signal);
  const background = backgroundOf(call);
  let answered = false;
  try {
    const result = yield* background
      ? receiveInBackground({ upstream, call, background }, connection)
      : receive(upstream, call, connection);
    answered = true;
    yield result;
  } catch (error) {
    call.signal.throwIfAborted();
    const failure = toAttemptError(error, connection, upstream.failures);
    throw background ? classifyInBackground(failure, background, upstream.failures) : failure;
  } finally {
    // Also if the consumer has left the loop. A call with an answer gives its connection back to the pool.
    if (answered) connection.release();
    else connection.close();
  }
}

async function* receive(upstream: Upstream, call: ProviderCall, connection: Connection) {
  const { failures } = upstream;
  const answer = { ...upstream, connection, response: await askForAnswer(upstream, call, connection, false) };
  emitHeadroom(call, answer.response);
  if (call.endpoint === 'embeddings') return await readEmbeddings(answer);
  const reader = call.endpoint === 'responses' ? createResponseReader(failures) : createChatReader(call.body, failures);
  const result = yield* readStream(await openAnswer(answer), reader, call.signal);
  if (!result) throw failures.cut();
  return result;
}

async function* receiveInBackground(follow: BackgroundCall, connection: Connection) {
  const { upstream, call } = follow;
  if (call.resume) return yield* resumeResponse(follow, connection);
  const response = await askForAnswer(upstream, call, connection, true);
  emitHeadroom(call, response);
  return yield* followResponse(follow, { ...upstream, response, connection });
}

function emitHeadroom({ onHeadroom }: ProviderCall, { headers }: Response): void {
  const headroom = onHeadroom && readHeadroom(headers, Date.now());
  if (headroom) onHeadroom(headroom);
}
