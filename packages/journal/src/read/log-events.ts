/** Reads events from the bytes of a log. */
import type { EventData, EventType } from '@holdfast/core';
import type { JournalCell } from '../journal-cell.ts';
import { readLog } from './read-log.ts';

/** An event whose data is not parsed: most readers need few of them. */
export interface LoggedEvent {
  seq: number;
  type: EventType;
  json: string;
}

/** Makes events of bytes that come in pieces of any size. */
export class EventSplitter {
  #pieces: Buffer[] = [];

  /** Returns the events that are complete with these bytes. */
  push(bytes: Buffer): LoggedEvent[] {
    this.#pieces.push(bytes);
    // The two line breaks may be in two pieces.
    const before = this.#pieces.at(-2);
    const isSplit = bytes[0] === 10 && before?.at(-1) === 10;
    const end = bytes.lastIndexOf('\n\n');
    if (end === -1 && !isSplit) return [];
    const whole = end === -1 ? 1 : end + 2;
    const text = Buffer.concat([...this.#pieces.slice(0, -1), bytes.subarray(0, whole)]).toString();
    this.#pieces = whole < bytes.length ? [bytes.subarray(whole)] : [];
    return eventsIn(text);
  }
}

function eventsIn(text: string): LoggedEvent[] {
  const events = text.split('\n\n').slice(0, -1);
  return events.map((event) => {
    const [seq, type, json = ''] = event.split('\n').map((line) => line.slice(line.indexOf(' ') + 1));
    return { seq: Number(seq), type: type as EventType, json };
  });
}

/** Whether readers drop the text before this event. */
export function dropsText({ type, json }: LoggedEvent): boolean {
  if (type === 'job.accepted') return true;
  return type === 'attempt.started' && !(JSON.parse(json) as EventData<'attempt.started'>).resumed;
}

/** All events of a journal. Reads the whole log. */
export async function* readEvents(journal: JournalCell, jobId: string): AsyncGenerator<LoggedEvent> {
  const splitter = new EventSplitter();
  for await (const bytes of readLog(journal, jobId, 0)) yield* splitter.push(bytes);
}

/** Number of the last event that drops the text before it; 0 where there is no journal. Reads the whole log. */
export async function lastStart(journal: JournalCell, jobId: string): Promise<number> {
  let start = 0;
  for await (const event of readEvents(journal, jobId)) if (dropsText(event)) start = event.seq;
  return start;
}
