/**
 * Reads a 2xx answer: a stream of server-sent events, or the single document that a provider may send instead. The body shows which
 * one it is: content types are often wrong. Yields the events, and returns the result, or null where a stream ended regularly
 * without one.
 */
import { isJsonObject, type JsonObject, type JsonValue, type ProviderEvent } from '@holdfast/core';
import { parseJson, tryParseJson, tryParseLines } from '../body/lenient-json.ts';
import { createEventParser, type EventParser, type ProviderMessage, UnreadableEvent } from '../body/parse-events.ts';
import { type BodyLimits, type BodyReader, createBodyReader } from '../body/read-body.ts';
import type { Connection } from '../call/connection.ts';
import { findError } from '../failure/error-body.ts';
import type { Failures } from '../failure/failures.ts';
import { type AnswerReader, isResponse, type Result, resultOf, type Whole } from './answer-readers.ts';

export interface UpstreamAnswer {
  response: Response;
  connection: Connection;
  failures: Failures;
  limits: BodyLimits & { maxAnswerBytes: number };
}

/** An answer whose beginning was read, which shows what it is. */
export interface OpenedAnswer extends UpstreamAnswer {
  body: BodyReader;
  kind: 'events' | 'json' | 'page' | 'nothing';
  /** The text read so far. */
  start: string;
}

/** Reads the beginning of the answer, until its kind is known. */
export async function openAnswer(answer: UpstreamAnswer): Promise<OpenedAnswer> {
  const body = createBodyReader(answer.response, answer.limits, answer.connection, answer.failures);
  let start = '';
  for (;;) {
    const text = await body.read();
    start += text ?? '';
    const [first] = start.trimStart();
    if (first === undefined && text !== null) continue;
    return { ...answer, body, start, kind: kindOf(first) };
  }
}

function kindOf(first: string | undefined): OpenedAnswer['kind'] {
  if (first === undefined) return 'nothing';
  if (first === '{' || first === '[') return 'json';
  return first === '<' ? 'page' : 'events';
}

/**
 * @param caller once it has aborted, not even a complete answer is returned
 * @throws AttemptError, or what the connection was closed with
 */
export async function* readStream(
  answer: OpenedAnswer,
  reader: AnswerReader,
  caller: AbortSignal,
): AsyncGenerator<ProviderEvent, Result | null> {
  // An empty stream: nobody knows what it would have contained.
  if (answer.kind === 'nothing' && isLabeledStream(answer.response)) return null;
  const whole =
    answer.kind === 'events' ? yield* readEvents(answer, reader, caller) : await readInOnePiece(answer, reader);
  if (!whole) return null;
  yield* whole.events;
  return whole.result;
}

function isLabeledStream(response: Response): boolean {
  return /event-stream/i.test(response.headers.get('content-type') ?? '');
}

async function* readEvents(
  answer: OpenedAnswer,
  reader: AnswerReader,
  caller: AbortSignal,
): AsyncGenerator<ProviderEvent, Whole | null> {
  const { connection, failures, limits, body } = answer;
  const parser = createEventParser(limits.maxAnswerBytes);
  let hasEmitted = false;
  try {
    for await (const message of messagesOf(answer, parser, reader)) {
      hasEmitted = true;
      for (const event of readMessage(message, reader, failures)) {
        connection.signal.throwIfAborted();
        yield event;
      }
      body.endWithin(reader.graceMs());
    }
    connection.signal.throwIfAborted();
  } catch (error) {
    // A complete answer is valid, whatever happened to the connection afterwards.
    const whole = caller.aborted ? null : reader.finish('broken');
    if (whole) return whole;
    throw error;
  } finally {
    body.leave();
  }
  const stray = findError(null, parser.stray() ?? null);
  if (stray !== undefined) throw failures.errorEvent(stray, reader.hasGenerated());
  const whole = reader.finish(parser.isDone() ? 'done' : 'closed');
  if (whole) return whole;
  if (!hasEmitted && !isLabeledStream(answer.response)) throw failures.notAnAnswer();
  return null;
}

/** The messages of a stream, until further ones don't matter. */
async function* messagesOf(
  { failures, limits, body, start }: OpenedAnswer,
  parser: EventParser,
  reader: AnswerReader,
): AsyncGenerator<ProviderMessage, void> {
  let text: string | null = start;
  for (;;) {
    for (const message of text === null ? parser.end() : parser.feed(text)) {
      if (!(message instanceof UnreadableEvent)) yield message;
      else if (message.isTooLarge) throw failures.tooLarge('an event', limits.maxAnswerBytes);
      // At the end of the stream, half an event means that the connection was closed within it.
      else throw text === null ? failures.cut(message) : failures.malformed(message);
      if (reader.hasEnded()) return;
    }
    if (text === null || parser.isDone()) return;
    text = await body.read();
  }
}

function readMessage({ name, data }: ProviderMessage, reader: AnswerReader, failures: Failures): ProviderEvent[] {
  const error = findError(name, data);
  if (error !== undefined) throw failures.errorEvent(error, reader.hasGenerated());
  return reader.read(data);
}

async function readInOnePiece(answer: OpenedAnswer, reader: AnswerReader): Promise<Whole | null> {
  const document = await readJson(answer);
  // A Response has its own member `error`.
  const isOwn = isJsonObject(document) && isResponse(document);
  const whole = isOwn ? reader.readWhole(document) : readPieces(piecesOf(answer, document), reader);
  if (!whole) throw answer.failures.notAnAnswer();
  return whole;
}

/** Reads an answer, or a list of the events of its stream. */
function readPieces(pieces: readonly JsonObject[], reader: AnswerReader): Whole | null {
  const [only] = pieces;
  if (!only || pieces.length === 1) return only ? reader.readWhole(only) : null;
  const events = pieces.flatMap((piece) => reader.read(piece));
  const built = reader.finish('done');
  return built && { ...built, events: [...events, ...built.events] };
}

/** Reads embeddings, which are returned as they are. */
export async function readEmbeddings(answer: UpstreamAnswer): Promise<Result> {
  const opened = await openAnswer(answer);
  const [document] = piecesOf(opened, await readJson(opened));
  const isAnswer = Array.isArray(document?.data) || Array.isArray(document?.embeddings);
  if (!document || !isAnswer) throw answer.failures.notAnAnswer();
  return resultOf(document);
}

/** @throws AttemptError that the document reports */
function piecesOf({ failures }: UpstreamAnswer, document: JsonValue): JsonObject[] {
  const error = findError(null, document);
  if (error !== undefined) throw failures.errorEvent(error, false);
  return (Array.isArray(document) ? document : [document]).filter(isJsonObject);
}

/** An answer of more characters is only parsed at its end. */
const MAX_TRIED = 1_048_576;
/** How long a connection may stay open after a whole document, in ms. */
const GRACE_MS = 2_000;

/** Reads an answer that is one document. */
export async function readJson({ kind, body, start, failures, limits }: OpenedAnswer): Promise<JsonValue> {
  if (kind !== 'json') {
    body.leave();
    throw failures.notAnAnswer();
  }
  const texts: string[] = [];
  let length = 0;
  /** The text so far, if it is a complete document. */
  let document: JsonValue | undefined;
  try {
    for (let text: string | null = start; text !== null; text = await body.read()) {
      texts.push(text);
      length += text.length;
      if (length > limits.maxAnswerBytes) throw failures.tooLarge('an answer', limits.maxAnswerBytes);
      // It may be complete while the connection stays open; or another document follows on the next line. A large one is not parsed
      // repeatedly, which would take too long.
      document = length <= MAX_TRIED && /[}\]]\s*$/.test(text) ? tryParseJson(texts.join('')) : undefined;
      body.endWithin(document === undefined ? null : GRACE_MS);
    }
  } catch (error) {
    // It may be complete, whatever happened to the connection.
    const all = length > limits.maxAnswerBytes ? undefined : tryParseJson(texts.join(''));
    if (all !== undefined) return all;
    throw error;
  } finally {
    body.leave();
  }
  if (document !== undefined) return document;
  try {
    return parseJson(texts.join(''));
  } catch (error) {
    const lines = tryParseLines(texts.join(''));
    if (lines) return lines;
    throw failures.malformed(error);
  }
}
