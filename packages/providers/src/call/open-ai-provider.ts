/**
 * Stage 4 of 6: one call to an OpenAI-compatible provider, through the official SDK.
 * Before: the worker (apps/worker). After: the journal (packages/journal), which keeps what is yielded here.
 *
 *   1 ask     POST the client's body, streamed wherever the provider can stream      ask-for-answer.ts, ask-provider.ts
 *   2 watch   bytes and silence, before anything parses them                         read-body.ts
 *   3 parse   server-sent events or one piece, whatever its label says               read-answer.ts, parse-events.ts
 *   4 map     chunks and events to ProviderEvents, losing nothing                    chat-events.ts, response-events.ts
 *   5 build   the result                                   answer-readers.ts, chat-completion.ts, response-output.ts
 *   6 judge   whatever went wrong, as an AttemptError                 error-body.ts, waits.ts, classify-error.ts, failures.ts
 *
 * A response that runs in the background takes a way of its own through 1 and 3, and can be taken up there again:
 * background-response.ts, follow-response.ts; cancel-response.ts ends it.
 *
 * It does not retry, count tokens or know of jobs. It reads no environment but the SDK's own OPENAI_CUSTOM_HEADERS.
 */
import { MAX_TIMER_MS, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import OpenAI from 'openai';
import { createChatReader, createResponseReader } from '../answer/answer-readers.ts';
import { type Answer, openAnswer, readEmbeddings, readStream } from '../answer/read-answer.ts';
import { createFailures } from '../failure/failures.ts';
import { readHeadroom } from '../health/rate-limit-headroom.ts';
import { askForAnswer } from './ask-for-answer.ts';
import { toAttemptError } from './ask-provider.ts';
import { backgroundOf, classifyInBackground } from './background-response.ts';
import { boundErrorBodies } from './bounded-fetch.ts';
import { cancelResponse } from './cancel-response.ts';
import { type Connection, openConnection } from './connection.ts';
import { followResponse, type Pursuit, resumeResponse } from './follow-response.ts';
import { findPatientOptions } from './patient-dispatcher.ts';
import type { Upstream } from './upstream.ts';

export interface OpenAiProviderOptions {
  /** In errors and metrics; clients see it. */
  name: string;
  /** Up to and with the version, as in `https://api.openai.com/v1`. A query is sent with every request. */
  baseUrl: string;
  /** Undefined: no Authorization header is sent. */
  apiKey: string | undefined;
  /** Sent with every request. Never quoted in errors. */
  headers?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  /** What the provider calls a model, by the name that jobs call it. */
  models?: Readonly<Record<string, string>>;
  /** false: answers are asked for in one piece. Default true, as far as the provider goes along. */
  stream?: boolean;
  /** false: `stream_options` isn't sent. Default true, as far as the provider goes along. */
  streamOptions?: boolean;
  /** Until the headers, in ms, and again until the first byte after them. Default 120,000. */
  firstByteTimeoutMs?: number;
  /** Between two bytes, comments included, in ms. Default 300,000: models that think for long say nothing meanwhile. */
  idleTimeoutMs?: number;
  /** Of one server-sent event, or of an answer in one piece. Default 64 MiB. */
  maxAnswerBytes?: number;
  /** Of `cancelResponse`, in ms. Default 5,000. */
  cancelTimeoutMs?: number;
  fetch?: typeof fetch;
}

/**
 * A provider behind an OpenAI-compatible API. Connections are kept and shared by its calls.
 * @throws TypeError where `baseUrl` is no URL
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
    call: (call) => callProvider(upstream, call),
    cancelResponse: (responseId) => cancelResponse(upstream, responseId, cancelTimeoutMs),
  };
}

/** What is shorter is no secret, and may be part of any word. */
const MIN_SECRET_LENGTH = 6;

/** Whatever a provider is sent that may be a secret, in the forms in which it may be quoted. */
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

function createClient(options: OpenAiProviderOptions, limits: Answer['limits']): OpenAI {
  const { apiKey, headers, query, fetch: given } = options;
  const url = new URL(options.baseUrl);
  const defaultQuery = { ...Object.fromEntries(url.searchParams), ...query };
  url.search = '';
  const patience = given ? {} : findPatientOptions(limits.firstByteTimeoutMs, limits.idleTimeoutMs);
  return new OpenAI({
    baseURL: url.href.replace(/\/$/, ''),
    defaultQuery,
    // The SDK wants a key, and takes what isn't said here from the environment.
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
    fetchOptions: { redirect: 'manual', ...patience },
  });
}

async function* callProvider(upstream: Upstream, call: ProviderCall): AsyncGenerator<ProviderEvent> {
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
    // Also where the consumer left the loop. An answered call leaves its connection to the pool.
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

async function* receiveInBackground(pursuit: Pursuit, connection: Connection) {
  const { upstream, call } = pursuit;
  if (call.resume) return yield* resumeResponse(pursuit, connection);
  const response = await askForAnswer(upstream, call, connection, true);
  emitHeadroom(call, response);
  return yield* followResponse(pursuit, { ...upstream, response, connection });
}

function emitHeadroom({ onHeadroom }: ProviderCall, { headers }: Response): void {
  const headroom = onHeadroom && readHeadroom(headers, Date.now());
  if (headroom) onHeadroom(headroom);
}
