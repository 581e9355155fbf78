/**
 * Follows a response that runs in the background to its result:
 *
 *   1 stream   the events of the call that created it, or of a retrieve that resumes it
 *   2 check    where the stream reported an error or had invalid data, or a retrieve had no event: the response itself is
 *              retrieved once, because a resumed stream would only repeat that
 *   3 poll     where the provider doesn't stream: retrieves the response until it has ended; only its result is emitted
 *
 * It never cancels or creates a response.
 */
import { setTimeout } from 'node:timers/promises';
import { AttemptError, isJsonObject, type JsonObject, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import { APIError } from 'openai';
import { createResponseReader, isResponse, type Result, type Whole } from '../answer/answer-readers.ts';
import { type OpenedAnswer, openAnswer, readJson, readStream, type UpstreamAnswer } from '../answer/read-answer.ts';
import { findError } from '../failure/error-body.ts';
import { ask, type ProviderRequest, withConnection } from './ask-provider.ts';
import { type BackgroundResponse, learnId } from './background-response.ts';
import type { Connection } from './connection.ts';
import type { Upstream } from './upstream.ts';

/** A call with a response in the background. */
export interface BackgroundCall {
  upstream: Upstream;
  call: ProviderCall;
  background: BackgroundResponse;
}

/** OpenAI's SDK polls as often as the server says, by default every five seconds. Here a reader may wait for the answer. */
const pollMs = { default: 1000, min: 100, max: 60_000 };

export async function* resumeResponse(
  follow: BackgroundCall,
  connection: Connection,
): AsyncGenerator<ProviderEvent, Result> {
  const { upstream } = follow;
  let response: Response;
  try {
    response = await ask(upstream, retrieval(follow, true), connection);
  } catch (error) {
    if (connection.signal.aborted || !refusesToStream(error)) throw error;
    return yield* pollResponse(follow);
  }
  return yield* followResponse(follow, { ...upstream, response, connection });
}

/** @param begun the answer to the call that created the response, or to a retrieve */
export async function* followResponse(
  follow: BackgroundCall,
  begun: UpstreamAnswer,
): AsyncGenerator<ProviderEvent, Result> {
  const answer = await openAnswer(begun);
  if (answer.kind === 'json') return yield* followPiece(follow, answer);
  const { background, call } = follow;
  let hasEnded = false;
  try {
    const result = yield* readStream(answer, createResponseReader(answer.failures, background), call.signal);
    if (result) return result;
    hasEnded = true;
    throw answer.failures.cut();
  } catch (error) {
    const mayHaveEnded = background.id !== null && !background.isOver && !answer.connection.signal.aborted;
    if (!mayHaveEnded || !isReported(error, hasEnded, background)) throw error;
    const { whole } = await retrieve(follow);
    if (!whole) throw error;
    return yield* emitWhole(follow, whole);
  }
}

/** Emits a whole answer: its text too, if none of it was emitted before. */
function* emitWhole({ background }: BackgroundCall, { events, result }: Whole): Generator<ProviderEvent, Result> {
  if (!background.hasNews && (background.after ?? -1) < 0) yield* events;
  return result;
}

/** Whether the provider itself reported the failure, so that a resumed stream would report it again. */
function isReported(error: unknown, hasEnded: boolean, { after, hasNews }: BackgroundResponse): boolean {
  if (!(error instanceof AttemptError)) return false;
  if (error.code !== 'provider_stream_cut') return true;
  // There was no event after the last one that the caller has, which may have been the very last one.
  return hasEnded && after !== null && !hasNews;
}

/** For a provider that runs responses in the background but can't stream: it answers with the current response. */
async function* followPiece(follow: BackgroundCall, answer: OpenedAnswer): AsyncGenerator<ProviderEvent, Result> {
  const { background } = follow;
  const response = await readResponse(answer);
  const id = learnId(background, response);
  if (id !== null) yield { kind: 'response', id };
  const whole = createResponseReader(answer.failures, background).readWhole(response);
  if (whole) return yield* emitWhole(follow, whole);
  if (background.id === null) throw answer.failures.notAnAnswer();
  return yield* pollResponse(follow);
}

/** Without a time limit: a response may be queued for long, and the call's signal is for deadlines. */
async function* pollResponse(follow: BackgroundCall): AsyncGenerator<ProviderEvent, Result> {
  for (;;) {
    const { whole, waitMs } = await retrieve(follow);
    if (whole) return yield* emitWhole(follow, whole);
    await setTimeout(waitMs, undefined, { signal: follow.call.signal });
  }
}

/** The response if it has ended; null while it runs. @throws the error of a failed response */
function retrieve(follow: BackgroundCall): Promise<{ whole: Whole | null; waitMs: number }> {
  const { upstream, background, call } = follow;
  // On a new connection, since that of the stream may be about to be closed.
  return withConnection(upstream, call.signal, async (connection) => {
    const response = await ask(upstream, retrieval(follow, false), connection);
    const stored = await readResponse(await openAnswer({ ...upstream, response, connection }));
    const whole = createResponseReader(upstream.failures, background).readWhole(stored);
    return { whole, waitMs: readWaitMs(response.headers) };
  });
}

async function readResponse(answer: OpenedAnswer): Promise<JsonObject> {
  const document = await readJson(answer);
  // Before `findError`, because a failed response has its own member `error`.
  if (isJsonObject(document) && isResponse(document)) return document;
  const error = findError(null, document);
  throw error === undefined ? answer.failures.notAnAnswer() : answer.failures.errorEvent(error, false);
}

function retrieval({ background, call }: BackgroundCall, stream: boolean): ProviderRequest {
  const { id, after } = background;
  const { include } = call.body;
  return {
    method: 'get',
    path: `/responses/${encodeURIComponent(id ?? '')}`,
    query: {
      // Every retrieve has to ask again for the parts to include.
      ...(Array.isArray(include) ? { include: include.filter((name) => typeof name === 'string') } : {}),
      ...(stream ? { stream } : {}),
      ...(stream && after !== null && after >= 0 ? { starting_after: after } : {}),
    },
  };
}

function refusesToStream(error: unknown): boolean {
  return error instanceof APIError && (error.status === 400 || error.status === 422);
}

function readWaitMs(headers: Headers): number {
  const value = headers.get('openai-poll-after-ms') ?? '';
  return /^\d+$/.test(value) ? Math.min(Math.max(Number(value), pollMs.min), pollMs.max) : pollMs.default;
}
