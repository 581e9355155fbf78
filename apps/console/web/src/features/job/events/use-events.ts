/** Attaches to a job's events, and stays attached until the job ends or the page is left. */
import { pathOf } from '@holdfast/admin';
import { eventDataSchemas, type JobEvent } from '@holdfast/core';
import { useEffect, useState } from 'react';
import { type EventLog, emptyLog, isTerminal, withEvent } from './event-log.ts';

export type Connection = 'connecting' | 'live' | 'ended' | 'lost';

/** Pieces of text come faster than a page can be drawn: they are added to it a few times a second. */
const FLUSH_MS = 100;

/** @param version another one attaches anew, as after a retry */
export function useEvents(id: string, version: number): { log: EventLog; connection: Connection } {
  const [log, setLog] = useState(emptyLog);
  const [connection, setConnection] = useState<Connection>('connecting');
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` attaches anew
  useEffect(() => {
    setLog(emptyLog);
    setConnection('connecting');
    return attach(id, (events) => setLog((old) => events.reduce(withEvent, old)), setConnection);
  }, [id, version]);
  return { log, connection };
}

/** The browser reconnects by itself, from the last event that it has. @returns ends it */
function attach(
  id: string,
  onEvents: (events: JobEvent[]) => void,
  onConnection: (now: Connection) => void,
): () => void {
  const source = new EventSource(pathOf('jobEvents', { id }));
  let waiting: JobEvent[] = [];
  const flush = () => {
    if (waiting.length > 0) onEvents(waiting);
    waiting = [];
  };
  const timer = setInterval(flush, FLUSH_MS);
  const close = () => {
    clearInterval(timer);
    source.close();
  };
  const take = ({ type, data, lastEventId }: MessageEvent<string>) => {
    const event = { seq: Number(lastEventId), type, data: JSON.parse(data) } as JobEvent;
    waiting.push(event);
    if (!isTerminal(event)) return;
    flush();
    // Otherwise the browser would attach again to a job that has nothing more to say.
    close();
    onConnection('ended');
  };
  for (const type of Object.keys(eventDataSchemas)) source.addEventListener(type, take);
  source.addEventListener('open', () => onConnection('live'));
  source.addEventListener('error', () =>
    onConnection(source.readyState === EventSource.CLOSED ? 'lost' : 'connecting'),
  );
  return close;
}
