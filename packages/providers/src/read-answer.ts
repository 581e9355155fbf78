/**
 * Reads a 2xx answer: a stream of server-sent events, or the one piece that a provider may send although a stream was
 * asked for. Returns the result, or null where a stream ended in order without one; everything before it is yielded.
 */
import { isJsonObject, type JsonObject, type JsonValue, type ProviderEvent } from '@holdfast/core';
import type OpenAI from 'openai';
import { Stream } from 'openai/core/streaming';
import { type AnswerReader, errorIn, type Result, resultOf } from './answer-readers.ts';
import type { Connection } from './connection.ts';
import { createAnswerSizeGuard, createEventSizeGuard, type SizeGuard } from './event-size.ts';
import type { Failures } from './failures.ts';
import { type BodyLimits, watchBody } from './watch-body.ts';

export interface Answer {
  client: OpenAI;
  response: Response;
  connection: Connection;
  failures: Failures;
  limits: Pick<BodyLimits, 'firstByteTimeoutMs' | 'idleTimeoutMs'> & { maxAnswerBytes: number };
}

interface SseMessage {
  event: string | null;
  data: JsonValue;
}

/**
 * @param caller once aborted, a complete answer isn't given out either
 * @throws AttemptError, or what the connection was closed with
 */
export async function* readStream(
  answer: Answer,
  reader: AnswerReader,
  caller: AbortSignal,
): AsyncGenerator<ProviderEvent, Result | null> {
  const type = answer.response.headers.get('content-type') ?? '';
  if (/html/i.test(type)) throw answer.failures.notAnAnswer();
  if (isInOnePiece(answer.response)) return await readWholeAnswer(answer, reader);
  const guard = createEventSizeGuard(answer.limits.maxAnswerBytes);
  let events = 0;
  try {
    for await (const message of openStream(answer, guard)) {
      // The SDK may still hold events that came before the abort.
      answer.connection.signal.throwIfAborted();
      events += 1;
      for (const said of readMessage(message, reader, answer.failures)) {
        answer.connection.signal.throwIfAborted();
        yield said;
      }
      if (reader.hasEnded()) break;
    }
    // An abort ends the SDK's loop as if the stream had ended.
    answer.connection.signal.throwIfAborted();
    if (events === 0 && !type.includes('event-stream')) throw answer.failures.notAnAnswer();
  } catch (error) {
    // A whole answer is an answer, whatever happens to the connection after it.
    if (!reader.result() || caller.aborted) throw explain(error, guard, answer.failures);
  }
  return reader.result();
}

/** Whether the answer is one JSON document and no stream. */
export function isInOnePiece(response: Response): boolean {
  return /json/i.test(response.headers.get('content-type') ?? '');
}

/** Reads an answer that was asked for in one piece, and gives it out as it is. */
export async function readAnswer(answer: Answer): Promise<Result> {
  return resultOf(await readObject(answer));
}

async function readWholeAnswer(answer: Answer, reader: AnswerReader): Promise<Result> {
  const result = reader.readWhole(await readObject(answer));
  if (!result) throw answer.failures.notAnAnswer();
  return result;
}

async function readObject(answer: Answer): Promise<JsonObject> {
  const said = await readJson(answer);
  const error = errorIn(null, said);
  if (error !== undefined) throw answer.failures.errorEvent(error, false);
  return said;
}

/** Reads an answer in one piece, whatever it tells. */
export async function readJson(answer: Answer): Promise<JsonObject> {
  const maxBytes = answer.limits.maxAnswerBytes;
  const text = await new Response(watch(answer, createAnswerSizeGuard(maxBytes), 'an answer', maxBytes)).text();
  const said = parse(text, answer.failures);
  if (!isJsonObject(said)) throw answer.failures.notAnAnswer();
  return said;
}

function openStream(answer: Answer, guard: SizeGuard): Stream<SseMessage> {
  const body = watch(answer, guard, 'an event', answer.limits.maxAnswerBytes);
  // The SDK aborts this controller whenever its loop is left early, which would cost the connection after every answer.
  const parser = new AbortController();
  // With their names and in the mode `events`, error events come like any other, and none is changed.
  return Stream.fromSSEResponse<SseMessage>(new Response(body), parser, answer.client, true, 'events');
}

function watch(
  { response, connection, failures, limits }: Answer,
  guard: SizeGuard,
  measured: string,
  maxBytes: number,
) {
  const body = response.body ?? new Blob([]).stream();
  return watchBody(body, { ...limits, guard, measured, maxBytes }, connection, failures);
}

function readMessage({ event, data }: SseMessage, reader: AnswerReader, failures: Failures): ProviderEvent[] {
  const error = errorIn(event, data);
  if (error !== undefined) throw failures.errorEvent(error, reader.hasGenerated());
  if (!isJsonObject(data)) throw failures.malformed(new TypeError('an event that is not an object'));
  return reader.read(data);
}

/** The SDK's parser knows one error of its own: an event that isn't JSON. */
function explain(error: unknown, guard: SizeGuard, failures: Failures): unknown {
  if (!(error instanceof SyntaxError)) return error;
  // A connection that is closed in order in the middle of an event leaves half of it behind.
  return guard.isMidway() ? failures.cut(error) : failures.malformed(error);
}

function parse(text: string, failures: Failures): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw failures.malformed(error);
  }
}
