/**
 * Stage 4 of 6: one call to an OpenAI-compatible provider, through the official SDK.
 * Before: the worker (apps/worker). After: the journal (packages/journal), which keeps what is yielded here.
 *
 *   1 ask     POST the client's body, streamed wherever the endpoint can stream     ask-provider.ts, this file
 *   2 watch   bytes and silence, before anything parses them                         watch-body.ts, event-size.ts
 *   3 parse   server-sent events                                                     the SDK, called in read-answer.ts
 *   4 map     chunks and events to ProviderEvents, losing nothing                    chat-events.ts, response-events.ts
 *   5 build   the result                                                             answer-readers.ts, chat-completion.ts
 *   6 judge   whatever went wrong, as an AttemptError                                failures.ts, verdicts.ts
 *
 * A response that runs in the background takes a way of its own through 1 and 3, and can be taken up there again:
 * background-response.ts, follow-response.ts; cancel-response.ts ends it.
 *
 * It does not retry, count tokens or know of jobs. It reads no environment but the SDK's own OPENAI_CUSTOM_HEADERS.
 */
import type { JsonObject, Provider, ProviderCall, ProviderEvent } from '@holdfast/core';
import OpenAI from 'openai';
import { createChatReader, createResponseReader } from './answer-readers.ts';
import { ask, type ProviderRequest, toAttemptError, type Upstream } from './ask-provider.ts';
import { backgroundOf, judgeInBackground } from './background-response.ts';
import { boundErrorBodies } from './bounded-fetch.ts';
import { cancelResponse } from './cancel-response.ts';
import { type Connection, openConnection } from './connection.ts';
import { createFailures } from './failures.ts';
import { followResponse, type Pursuit, resumeResponse } from './follow-response.ts';
import { findPatientOptions } from './patient-dispatcher.ts';
import { readRoom } from './rate-limit-room.ts';
import { type Answer, readAnswer, readStream } from './read-answer.ts';

export interface OpenAiProviderOptions {
  /** In errors and metrics; clients see it. */
  name: string;
  /** Up to and with the version, as in `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Undefined: no Authorization header is sent. */
  apiKey: string | undefined;
  /** Until the headers, in ms, and again until the first byte after them. Default 120,000. */
  firstByteTimeoutMs?: number;
  /** Between two bytes, comments included, in ms. Default 60,000. */
  idleTimeoutMs?: number;
  /** Of one server-sent event, or of an answer in one piece. Default 64 MiB. */
  maxAnswerBytes?: number;
  /** Of `cancelResponse`, in ms. Default 5,000. */
  cancelTimeoutMs?: number;
  fetch?: typeof fetch;
}

const paths = {
  responses: '/responses',
  'chat.completions': '/chat/completions',
  embeddings: '/embeddings',
} as const satisfies Record<ProviderCall['endpoint'], string>;

/** The SDK's own clock, which ends with the headers, is set to its maximum: the clocks here cover more. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A provider behind an OpenAI-compatible API. Connections are kept and shared by its calls.
 * @throws TypeError where `baseUrl` is no URL
 */
export function createOpenAiProvider(options: OpenAiProviderOptions): Provider {
  const { name, apiKey, firstByteTimeoutMs = 120_000, idleTimeoutMs = 60_000, maxAnswerBytes = 64 * 2 ** 20 } = options;
  const { cancelTimeoutMs = 5000 } = options;
  const limits = { firstByteTimeoutMs, idleTimeoutMs, maxAnswerBytes };
  const upstream = { client: createClient(options, limits), failures: createFailures(name, apiKey), limits };
  return {
    name,
    call: (call) => callProvider(upstream, call),
    cancelResponse: (responseId) => cancelResponse(upstream, responseId, cancelTimeoutMs),
  };
}

function createClient({ baseUrl, apiKey, fetch: given }: OpenAiProviderOptions, limits: Answer['limits']): OpenAI {
  const patience = given ? {} : findPatientOptions(limits.firstByteTimeoutMs, limits.idleTimeoutMs);
  return new OpenAI({
    baseURL: new URL(baseUrl).href.replace(/\/$/, ''),
    // The SDK wants a key, and takes what isn't said here from the environment.
    apiKey: apiKey ?? 'none',
    ...(apiKey === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    timeout: longestTimerMs,
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
    throw background ? judgeInBackground(failure, background, upstream.failures) : failure;
  } finally {
    // Also where the consumer left the loop. An answered call leaves its connection to the pool.
    if (answered) connection.release();
    else connection.close();
  }
}

async function* receive(upstream: Upstream, call: ProviderCall, connection: Connection) {
  const { failures } = upstream;
  const answer = { ...upstream, connection, response: await ask(upstream, requestOf(call, false), connection) };
  tellRoom(call, answer.response);
  if (call.endpoint === 'embeddings') return await readAnswer(answer);
  const reader = call.endpoint === 'responses' ? createResponseReader(failures) : createChatReader(call.body);
  const result = yield* readStream(answer, reader, call.signal);
  if (!result) throw failures.cut();
  return result;
}

async function* receiveInBackground(pursuit: Pursuit, connection: Connection) {
  const { upstream, call } = pursuit;
  if (call.resume) return yield* resumeResponse(pursuit, connection);
  const response = await ask(upstream, requestOf(call, true), connection);
  tellRoom(call, response);
  return yield* followResponse(pursuit, { ...upstream, response, connection });
}

function tellRoom({ onRoom }: ProviderCall, { headers }: Response): void {
  const room = onRoom && readRoom(headers, Date.now());
  if (room) onRoom(room);
}

function requestOf({ endpoint, body, idempotencyKey }: ProviderCall, inBackground: boolean): ProviderRequest {
  return {
    method: 'post',
    path: paths[endpoint],
    body: requestBody(endpoint, body, inBackground),
    // The SDK's own option of this name sends nothing.
    ...(idempotencyKey === undefined ? {} : { headers: { 'Idempotency-Key': idempotencyKey } }),
  };
}

function requestBody(endpoint: ProviderCall['endpoint'], body: JsonObject, inBackground: boolean): JsonObject {
  if (endpoint === 'embeddings') return body;
  if (endpoint === 'responses') return { ...body, stream: true, ...(inBackground ? { background: true } : {}) };
  const asked = typeof body.stream_options === 'object' ? body.stream_options : {};
  return { ...body, stream: true, stream_options: { ...asked, include_usage: true } };
}
