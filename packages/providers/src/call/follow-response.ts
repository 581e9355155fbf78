/**
 * Follows a response that runs in the background to its result:
 *
 *   1 stream   the events, of the call that made it or of a retrieve that takes it up again
 *   2 doubt    where the stream told an error or nonsense, or a retrieve had nothing to tell: the response itself is
 *              asked once, because a stream that is taken up again would only say the same again
 *   3 poll     where the provider doesn't stream: asks for the response until it has ended; only its result is told
 *
 * It never cancels a response, and starts none.
 */
import { setTimeout } from 'node:timers/promises';
import { AttemptError, isJsonObject, type JsonObject, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import { APIError } from 'openai';
import { createResponseReader, isResponse, type Result, type Whole } from '../answer/answer-readers.ts';
import { type Answer, type OpenedAnswer, openAnswer, readJson, readStream } from '../answer/read-answer.ts';
import { findError } from '../failure/error-body.ts';
import { ask, type ProviderRequest, withConnection } from './ask-provider.ts';
import { type BackgroundResponse, learnId } from './background-response.ts';
import type { Connection } from './connection.ts';
import type { Upstream } from './upstream.ts';

export interface Pursuit {
  upstream: Upstream;
  call: ProviderCall;
  background: BackgroundResponse;
}

/** OpenAI's SDK polls at its server's word, and every five seconds without one; here somebody waits for the answer. */
const pollMs = { usual: 1000, least: 100, most: 60_000 };

export async function* resumeResponse(pursuit: Pursuit, connection: Connection): AsyncGenerator<ProviderEvent, Result> {
  const { upstream } = pursuit;
  let response: Response;
  try {
    response = await ask(upstream, retrieval(pursuit, true), connection);
  } catch (error) {
    if (connection.signal.aborted || !refusesToStream(error)) throw error;
    return yield* pollResponse(pursuit);
  }
  return yield* followResponse(pursuit, { ...upstream, response, connection });
}

/** @param answer to the call that made the response, or to a retrieve */
export async function* followResponse(pursuit: Pursuit, begun: Answer): AsyncGenerator<ProviderEvent, Result> {
  const answer = await openAnswer(begun);
  if (answer.kind === 'json') return yield* followPiece(pursuit, answer);
  const { background, call } = pursuit;
  let endedInOrder = false;
  try {
    const result = yield* readStream(answer, createResponseReader(answer.failures, background), call.signal);
    if (result) return result;
    endedInOrder = true;
    throw answer.failures.cut();
  } catch (error) {
    const isDoubtful = background.id !== null && !background.isOver && !answer.connection.signal.aborted;
    if (!isDoubtful || !isTold(error, endedInOrder, background)) throw error;
    const { whole } = await retrieve(pursuit);
    if (!whole) throw error;
    return yield* emitWhole(pursuit, whole);
  }
}

/** An answer in one piece: its text is told where nothing of it has been. */
function* emitWhole({ background }: Pursuit, { events, result }: Whole): Generator<ProviderEvent, Result> {
  if (!background.hasNews && (background.after ?? -1) < 0) yield* events;
  return result;
}

/** Whether the provider itself said what went wrong, so that it would say so again. */
function isTold(error: unknown, endedInOrder: boolean, { after, hasNews }: BackgroundResponse): boolean {
  if (!(error instanceof AttemptError)) return false;
  if (error.code !== 'provider_stream_cut') return true;
  // Nothing after the last event that the caller has: that may have been the very last one.
  return endedInOrder && after !== null && !hasNews;
}

/** A provider that runs responses in the background but doesn't stream answers with the response as it is now. */
async function* followPiece(pursuit: Pursuit, answer: OpenedAnswer): AsyncGenerator<ProviderEvent, Result> {
  const { background } = pursuit;
  const response = await readResponse(answer);
  const id = learnId(background, response);
  if (id !== null) yield { kind: 'response', id };
  const whole = createResponseReader(answer.failures, background).readWhole(response);
  if (whole) return yield* emitWhole(pursuit, whole);
  if (background.id === null) throw answer.failures.notAnAnswer();
  return yield* pollResponse(pursuit);
}

/** Not bounded in time: a response may be queued for long, and the call's signal is there for deadlines. */
async function* pollResponse(pursuit: Pursuit): AsyncGenerator<ProviderEvent, Result> {
  for (;;) {
    const { whole, waitMs } = await retrieve(pursuit);
    if (whole) return yield* emitWhole(pursuit, whole);
    await setTimeout(waitMs, undefined, { signal: pursuit.call.signal });
  }
}

/** The response once it has ended; null while it runs. @throws what it failed with, if it has */
function retrieve(pursuit: Pursuit): Promise<{ whole: Whole | null; waitMs: number }> {
  const { upstream, background, call } = pursuit;
  // A connection of its own: the one that the stream came over may be about to be closed.
  return withConnection(upstream, call.signal, async (connection) => {
    const response = await ask(upstream, retrieval(pursuit, false), connection);
    const stored = await readResponse(await openAnswer({ ...upstream, response, connection }));
    const whole = createResponseReader(upstream.failures, background).readWhole(stored);
    return { whole, waitMs: readWaitMs(response.headers) };
  });
}

async function readResponse(answer: OpenedAnswer): Promise<JsonObject> {
  const said = await readJson(answer);
  // First, because a response that has failed has an `error` of its own.
  if (isJsonObject(said) && isResponse(said)) return said;
  const error = findError(null, said);
  throw error === undefined ? answer.failures.notAnAnswer() : answer.failures.errorEvent(error, false);
}

function retrieval({ background, call }: Pursuit, stream: boolean): ProviderRequest {
  const { id, after } = background;
  const { include } = call.body;
  return {
    method: 'get',
    path: `/responses/${encodeURIComponent(id ?? '')}`,
    query: {
      // What a response includes is asked for anew with every retrieve.
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
  const said = headers.get('openai-poll-after-ms') ?? '';
  return /^\d+$/.test(said) ? Math.min(Math.max(Number(said), pollMs.least), pollMs.most) : pollMs.usual;
}
