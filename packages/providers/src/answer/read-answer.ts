/**
 * Reads a 2xx answer: a stream of server-sent events, or the one piece that a provider may send although a stream was
 * asked for. Which of them it is, the body says: content types are often wrong. Returns the result, or null where a stream
 * ended in order without one; everything before it is yielded.
 */
import { isJsonObject, type JsonObject, type JsonValue, type ProviderEvent } from '@holdfast/core';
import { parseJson, tryParseJson, tryParseLines } from '../body/lenient-json.ts';
import { createEventParser, type EventParser, type ProviderMessage, UnreadableEvent } from '../body/parse-events.ts';
import { type BodyLimits, type BodyReader, createBodyReader } from '../body/read-body.ts';
import type { Connection } from '../call/connection.ts';
import { findError } from '../failure/error-body.ts';
import type { Failures } from '../failure/failures.ts';
import { type AnswerReader, isResponse, type Result, resultOf, type Whole } from './answer-readers.ts';

export interface Answer {
  response: Response;
  connection: Connection;
  failures: Failures;
  limits: BodyLimits & { maxAnswerBytes: number };
}

/** An answer whose first words have come: these say what it is. */
export interface OpenedAnswer extends Answer {
  body: BodyReader;
  kind: 'events' | 'json' | 'page' | 'nothing';
  /** What has come. */
  start: string;
}

/** Reads as far as it takes to tell what the answer is. */
export async function openAnswer(answer: Answer): Promise<OpenedAnswer> {
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
 * @param caller once aborted, a complete answer isn't given out either
 * @throws AttemptError, or what the connection was closed with
 */
export async function* readStream(
  answer: OpenedAnswer,
  reader: AnswerReader,
  caller: AbortSignal,
): AsyncGenerator<ProviderEvent, Result | null> {
  // Of a stream that has told nothing it isn't known what it would have told.
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
      for (const said of readMessage(message, reader, failures)) {
        connection.signal.throwIfAborted();
        yield said;
      }
      body.endWithin(reader.graceMs());
    }
    connection.signal.throwIfAborted();
  } catch (error) {
    // A whole answer is an answer, whatever happens to the connection after it.
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

/** The messages of a stream, until one says that no further matters. */
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
      // A connection that is closed in order in the middle of an event leaves half of it behind.
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
  const said = await readJson(answer);
  // A Response has an `error` of its own.
  const isOwn = isJsonObject(said) && isResponse(said);
  const whole = isOwn ? reader.readWhole(said) : readPieces(piecesOf(answer, said), reader);
  if (!whole) throw answer.failures.notAnAnswer();
  return whole;
}

/** An answer, or the list of the events that it could have been streamed as. */
function readPieces(pieces: readonly JsonObject[], reader: AnswerReader): Whole | null {
  const [only] = pieces;
  if (!only || pieces.length === 1) return only ? reader.readWhole(only) : null;
  const events = pieces.flatMap((piece) => reader.read(piece));
  const built = reader.finish('done');
  return built && { ...built, events: [...events, ...built.events] };
}

/** Reads embeddings: given out as they are. */
export async function readEmbeddings(answer: Answer): Promise<Result> {
  const opened = await openAnswer(answer);
  const [said] = piecesOf(opened, await readJson(opened));
  if (!said || !(Array.isArray(said.data) || Array.isArray(said.embeddings))) throw answer.failures.notAnAnswer();
  return resultOf(said);
}

/** @throws AttemptError that the answer tells of */
function piecesOf({ failures }: Answer, said: JsonValue): JsonObject[] {
  const error = findError(null, said);
  if (error !== undefined) throw failures.errorEvent(error, false);
  return (Array.isArray(said) ? said : [said]).filter(isJsonObject);
}

/** An answer of more characters is parsed at its end only. */
const MAX_TRIED = 1_048_576;
/** How long a connection may stay open after a whole document, in ms. */
const GRACE_MS = 2_000;

/** Reads an answer in one piece, whatever it tells. */
export async function readJson({ kind, body, start, failures, limits }: OpenedAnswer): Promise<JsonValue> {
  if (kind !== 'json') {
    body.leave();
    throw failures.notAnAnswer();
  }
  const texts: string[] = [];
  let length = 0;
  /** What has come, where it is a whole document. */
  let document: JsonValue | undefined;
  try {
    for (let text: string | null = start; text !== null; text = await body.read()) {
      texts.push(text);
      length += text.length;
      if (length > limits.maxAnswerBytes) throw failures.tooLarge('an answer', limits.maxAnswerBytes);
      // It may be all, and the connection stay open; or another document follows on the next line. Parsing a large one again and
      // again would cost too much.
      document = length <= MAX_TRIED && /[}\]]\s*$/.test(text) ? tryParseJson(texts.join('')) : undefined;
      body.endWithin(document === undefined ? null : GRACE_MS);
    }
  } catch (error) {
    // What has come may be all of it, whatever became of the connection then.
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
