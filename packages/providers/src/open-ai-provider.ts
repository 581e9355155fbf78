/**
 * Stage 4 of 6: one call to an OpenAI-compatible provider, through the official SDK.
 * Before: the worker (apps/worker). After: the journal (packages/journal), which keeps what is yielded here.
 *
 *   1 ask     POST the client's body, streamed wherever the endpoint can stream     (this file)
 *   2 watch   bytes and silence, before anything parses them                         watch-body.ts, event-size.ts
 *   3 parse   server-sent events                                                     the SDK, called in read-answer.ts
 *   4 map     chunks and events to ProviderEvents, losing nothing                    chat-events.ts, response-events.ts
 *   5 build   the result                                                             answer-readers.ts, chat-completion.ts
 *   6 judge   whatever went wrong, as an AttemptError                                failures.ts, verdicts.ts
 *
 * It does not retry, count tokens or know of jobs. It reads no environment but the SDK's own OPENAI_CUSTOM_HEADERS.
 */
import { AttemptError, type JsonObject, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import { createChatReader, createResponseReader } from './answer-readers.ts';
import { boundErrorBodies } from './bounded-fetch.ts';
import { type Connection, openConnection } from './connection.ts';
import { createFailures, type Failures } from './failures.ts';
import { findPatientOptions } from './patient-dispatcher.ts';
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
  /** Of one server-sent event; an answer in one piece may have eight times as many. Default 8 MiB. */
  maxEventBytes?: number;
  fetch?: typeof fetch;
}

interface Upstream {
  client: OpenAI;
  failures: Failures;
  limits: Answer['limits'];
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
  const { name, apiKey, firstByteTimeoutMs = 120_000, idleTimeoutMs = 60_000, maxEventBytes = 8 * 2 ** 20 } = options;
  const limits = { firstByteTimeoutMs, idleTimeoutMs, maxEventBytes };
  const upstream = { client: createClient(options, limits), failures: createFailures(name, apiKey), limits };
  return { name, call: (call) => callProvider(upstream, call) };
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
  let answered = false;
  try {
    const response = await ask(upstream, call, connection);
    const result = yield* receive({ ...upstream, response, connection }, call);
    answered = true;
    yield result;
  } catch (error) {
    call.signal.throwIfAborted();
    throw toAttemptError(connection.signal.aborted ? connection.signal.reason : error, upstream.failures);
  } finally {
    // Also where the consumer left the loop. An answered call leaves its connection to the pool.
    if (answered) connection.release();
    else connection.close();
  }
}

function receive(answer: Answer, { endpoint, body, signal }: ProviderCall) {
  switch (endpoint) {
    case 'responses':
      return readStream(answer, createResponseReader(answer.failures), signal);
    case 'chat.completions':
      return readStream(answer, createChatReader(body), signal);
    case 'embeddings':
      return readOnly(answer);
  }
}

// biome-ignore lint/correctness/useYield: has the shape of the others, with nothing to tell before its result
async function* readOnly(answer: Answer): ReturnType<typeof readStream> {
  return await readAnswer(answer);
}

/** Resolves with the headers of a 2xx answer. */
async function ask(upstream: Upstream, call: ProviderCall, connection: Connection): Promise<Response> {
  const { firstByteTimeoutMs } = upstream.limits;
  const timer = setTimeout(() => connection.fail(upstream.failures.timeout(firstByteTimeoutMs)), firstByteTimeoutMs);
  try {
    // Below the SDK's typed methods, which change embeddings requests and know only the members of their time.
    return await upstream.client
      .post(paths[call.endpoint], { body: requestBody(call), signal: connection.signal })
      .asResponse();
  } finally {
    clearTimeout(timer);
  }
}

function requestBody({ endpoint, body }: ProviderCall): JsonObject {
  if (endpoint === 'embeddings') return body;
  if (endpoint === 'responses') return { ...body, stream: true };
  const asked = typeof body.stream_options === 'object' ? body.stream_options : {};
  return { ...body, stream: true, stream_options: { ...asked, include_usage: true } };
}

function toAttemptError(error: unknown, failures: Failures): unknown {
  if (error instanceof AttemptError) return error;
  if (error instanceof APIConnectionError) return failures.connection(error);
  if (error instanceof APIError && error.status !== undefined) return failures.status(error, error.status);
  return failures.unexpected(error);
}
