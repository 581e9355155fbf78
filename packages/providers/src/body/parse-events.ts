/**
 * Server-sent events of a provider, from text cut anywhere. What is no event of an answer is skipped: comments, names without
 * data, empty data, words such as `ping`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '@holdfast/core';
import { createParser } from 'eventsource-parser';
import { isDoneMark, parseJson, tryParseJson, tryParseLines } from './lenient-json.ts';

export interface ProviderMessage {
  name: string | null;
  data: JsonObject;
}

export interface EventParser {
  /** The events that the text completes, up to the first that can't be read. */
  feed(text: string): (ProviderMessage | UnreadableEvent)[];
  /** The last event, where the empty line after it is missing. */
  end(): (ProviderMessage | UnreadableEvent)[];
  /** `[DONE]` has come; events after it are not given out. */
  isDone(): boolean;
  /** A line of JSON that stood between events: some providers tell an error so. */
  stray(): JsonValue | undefined;
}

/** An event that begins like JSON and isn't, or one that is too large. */
export class UnreadableEvent extends Error {
  readonly isTooLarge: boolean;

  constructor(isTooLarge: boolean, cause?: unknown) {
    super(isTooLarge ? 'an event that is too large' : 'an event that is not JSON', { cause });
    this.isTooLarge = isTooLarge;
  }
}

/** @param maxChars of one event */
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
      // As llama.cpp writes them: `error: {…}`.
      else if (/^(?:error:)?\s*[{[]/.test(line)) stray ??= strayIn(line);
    },
  });
  const feed = (text: string) => {
    messages = [];
    if (!failed) parser.feed(text);
    // Its empty line may never come.
    if (/(?:^|\n)data:\s*\[DONE\]\s*$/.test(text.slice(-32))) parser.feed('\n\n');
    return messages;
  };
  return { feed, end: () => feed('\n\n'), isDone: () => done, stray: () => stray };
}

function readData(name: string | null, text: string): ProviderMessage[] | UnreadableEvent {
  // Words that keep a connection alive aren't part of an answer; neither is a bare number.
  if (!/^\s*[{[]/.test(text)) return name === 'error' && text !== '' ? [{ name, data: { message: text } }] : [];
  let data: JsonValue;
  try {
    data = parseJson(text);
  } catch (cause) {
    // Events that only one line break stands between come as one.
    const lines = tryParseLines(text);
    if (!lines) return new UnreadableEvent(false, cause);
    data = lines;
  }
  // Some gateways put events into lists.
  return (Array.isArray(data) ? data : [data])
    .filter(isJsonObject)
    .filter(({ type }) => !signsOfLife.has(type))
    .map((one) => ({ name, data: one }));
}

/** Events that say nothing but that the connection lives. */
const signsOfLife = new Set<unknown>(['ping', 'keepalive', 'heartbeat']);

function strayIn(line: string): JsonValue | undefined {
  if (!line.startsWith('error:')) return tryParseJson(line);
  const error = tryParseJson(line.slice('error:'.length));
  return error === undefined ? undefined : { error };
}
