/**
 * Parses a provider's server-sent events, from text in pieces of any size. Skips what isn't part of an answer: comments, names
 * without data, empty data, words such as `ping`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { createParser } from 'eventsource-parser';
import { isDoneMark, parseJson, tryParseJson, tryParseLines } from './lenient-json.ts';

export interface ProviderMessage {
  name: string | null;
  data: JsonObject;
}

export interface EventParser {
  /** The events that this text completes, up to the first unreadable one. */
  feed(text: string): (ProviderMessage | UnreadableEvent)[];
  /** The last event, if the empty line after it is missing. */
  end(): (ProviderMessage | UnreadableEvent)[];
  /** Whether `[DONE]` has come. Events after it are ignored. */
  isDone(): boolean;
  /** A line of JSON between events: some providers report errors that way. */
  stray(): JsonValue | undefined;
}

/** An event that begins like JSON but isn't, or one that is too large. */
export class UnreadableEvent extends Error {
  readonly isTooLarge: boolean;

  constructor(isTooLarge: boolean, cause?: unknown) {
    super(isTooLarge ? 'an event that is too large' : 'an event that is not JSON', { cause });
    this.isTooLarge = isTooLarge;
  }
}

/** @param maxChars maximum of one event */
export function createEventParser(maxChars: number): EventParser {
  let messages: (ProviderMessage | UnreadableEvent)[] = [];
  /** Nothing more is read. */
  let done = false;
  let failed = false;
  let stray: JsonValue | undefined;
  const fail = (error: UnreadableEvent) => {
    failed = true;
    messages.push(error);
  };
  const parser = createParser({
    maxBufferSize: maxChars,
    onEvent({ event = null, data }) {
      if (done || failed) return;
      done = isDoneMark(data);
      if (done) return;
      const read = readData(event, data);
      if (read instanceof UnreadableEvent) fail(read);
      else messages.push(...read);
    },
    onError({ type, line = '' }) {
      if (type === 'max-buffer-size-exceeded') fail(new UnreadableEvent(true));
      if (isDoneMark(line)) done = true;
      // llama.cpp writes `error: {…}`.
      else if (/^(?:error:)?\s*[{[]/.test(line)) stray ??= strayIn(line);
    },
  });
  const feed = (text: string) => {
    messages = [];
    if (!failed) parser.feed(text);
    // The empty line after it may never come.
    if (/(?:^|\n)data:\s*\[DONE\]\s*$/.test(text.slice(-32))) parser.feed('\n\n');
    return messages;
  };
  return { feed, end: () => feed('\n\n'), isDone: () => done, stray: () => stray };
}

function readData(name: string | null, text: string): ProviderMessage[] | UnreadableEvent {
  // Words that keep the connection alive, and bare numbers, aren't part of an answer.
  if (!/^\s*[{[]/.test(text)) return name === 'error' && text !== '' ? [{ name, data: { message: text } }] : [];
  let data: JsonValue;
  try {
    data = parseJson(text);
  } catch (cause) {
    // Events that are separated by only one line break are parsed as one.
    const lines = tryParseLines(text);
    if (!lines) return new UnreadableEvent(false, cause);
    data = lines;
  }
  // Some gateways put events into lists.
  return (Array.isArray(data) ? data : [data])
    .filter(isJsonObject)
    .filter(({ type }) => !keepAliveTypes.has(type))
    .map((one) => ({ name, data: one }));
}

/** Events that only keep the connection alive. */
const keepAliveTypes = new Set<unknown>(['ping', 'keepalive', 'heartbeat']);

function strayIn(line: string): JsonValue | undefined {
  if (!line.startsWith('error:')) return tryParseJson(line);
  const error = tryParseJson(line.slice('error:'.length));
  return error === undefined ? undefined : { error };
}
