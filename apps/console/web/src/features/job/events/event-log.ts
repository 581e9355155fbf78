/** A journal as a page shows it: events in their order, with pieces of text that follow one another as one entry. */
import type { EventType, JobEvent } from '@holdfast/core';

export interface LogEntry {
  /** Number of its first event. */
  seq: number;
  type: EventType;
  /** Of pieces of text: how many. */
  count: number;
  event: JobEvent;
}

export interface EventLog {
  entries: readonly LogEntry[];
  /** The answer's text so far. */
  text: string;
  /** Number of the last event. */
  last: number;
}

export const emptyLog: EventLog = { entries: [], text: '', last: 0 };

/** A new attempt that resumes nothing begins the text anew, for readers as for us. */
function textAfter(text: string, event: JobEvent): string {
  if (event.type === 'text.delta') return text + event.data.text;
  return event.type === 'attempt.started' && !event.data.resumed ? '' : text;
}

/** With one more event. An event that is there already, after a reconnect, changes nothing. */
export function withEvent(log: EventLog, event: JobEvent): EventLog {
  if (event.seq <= log.last) return log;
  const { entries } = log;
  const last = entries.at(-1);
  const isMore =
    last !== undefined && last.type === event.type && (event.type === 'text.delta' || event.type === 'provider.event');
  const entry = isMore ? { ...last, count: last.count + 1 } : { seq: event.seq, type: event.type, count: 1, event };
  return {
    entries: [...(isMore ? entries.slice(0, -1) : entries), entry],
    text: textAfter(log.text, event),
    last: event.seq,
  };
}

export function isTerminal({ type }: JobEvent): boolean {
  return type === 'job.completed' || type === 'job.failed' || type === 'job.cancelled';
}

/** What an event says, in a few words. */
export function describe({ event, count }: LogEntry): string {
  switch (event.type) {
    case 'text.delta':
    case 'provider.event':
      return count === 1 ? 'one piece' : `${count} pieces`;
    case 'attempt.started':
      return `attempt ${event.data.attempt}${event.data.resumed ? ', resumed' : ''}`;
    case 'call.started':
      return `${event.data.call || 'the call'} to ${event.data.model}${event.data.resumed ? ', resumed' : ''}`;
    case 'provider.switched':
      return `to ${event.data.provider}, after ${event.data.error.code}`;
    case 'attempt.failed':
    case 'call.failed':
    case 'call.delayed':
    case 'job.failed':
      return `${event.data.error.code}: ${event.data.error.message}`;
    case 'step.completed':
      return event.data.step;
    case 'call.accepted':
    case 'call.completed':
      return event.data.call || 'the call';
    case 'job.accepted':
      return event.data.again ? 'again' : `task ${event.data.task}, lane ${event.data.lane}`;
    case 'job.completed':
    case 'job.cancelled':
      return '';
  }
}
