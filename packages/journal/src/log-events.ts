/** Events of a log, as bytes of it hold them. */
import type { EventData, EventType } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { readLog } from './read-log.ts';

/** An event whose data has not been parsed: most readers want few of them. */
export interface LoggedEvent {
  seq: number;
  type: EventType;
  json: string;
}

/** @param bytes whole events */
export function eventsIn(bytes: Buffer): LoggedEvent[] {
  const events = bytes.toString().split('\n\n').slice(0, -1);
  return events.map((event) => {
    const [seq, type, json = ''] = event.split('\n').map((line) => line.slice(line.indexOf(' ') + 1));
    return { seq: Number(seq), type: type as EventType, json };
  });
}

/** Whether a reader drops at it whatever text came before. */
export function dropsText({ type, json }: LoggedEvent): boolean {
  if (type === 'job.accepted') return true;
  return type === 'attempt.started' && !(JSON.parse(json) as EventData<'attempt.started'>).resumed;
}

/** Number of the last event that drops the text before it; 0 where there is no journal. Reads the whole log. */
export async function lastStart(journal: Journal, jobId: string): Promise<number> {
  let start = 0;
  for await (const { bytes } of readLog(journal, jobId, 0)) {
    start = eventsIn(bytes).findLast(dropsText)?.seq ?? start;
  }
  return start;
}
