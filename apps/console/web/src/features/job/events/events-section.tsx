/** The events of a job, live. Reading them is written into the audit log, so they are only read when somebody asks for them. */
import { useLayoutEffect, useRef, useState } from 'react';
import { useMay } from '../../../api/index.ts';
import { Badge, Button, type Column, DataTable, Section, type Tone } from '../../../kit/index.ts';
import { describe, type EventLog, type LogEntry } from './event-log.ts';
import { type Connection, useEvents } from './use-events.ts';
import './events.css';

const connections: Readonly<Record<Connection, readonly [Tone, string]>> = {
  connecting: ['neutral', 'connecting …'],
  live: ['accent', 'live'],
  ended: ['neutral', 'complete'],
  lost: ['bad', 'connection lost'],
};

interface EventsSectionProps {
  id: string;
  /** Attempts begun so far: a retry goes on with the same journal. */
  version: number;
}

export function EventsSection({ id, version }: EventsSectionProps) {
  const maySee = useMay('operator');
  const [isShown, setShown] = useState(false);
  if (!maySee) return null;
  if (isShown) return <Events id={id} version={version} />;
  return (
    <Section title="Events">
      <div className="content-closed">
        <Button onClick={() => setShown(true)}>Attach to the events</Button>
        <span className="quiet">The audit log notes that you looked.</span>
      </div>
    </Section>
  );
}

function Events({ id, version }: EventsSectionProps) {
  const [attached, setAttached] = useState(0);
  const { log, connection } = useEvents(id, version + attached);
  const [tone, label] = connections[connection];
  return (
    <Section
      actions={
        <>
          {connection === 'lost' && (
            <Button onClick={() => setAttached(attached + 1)} small>
              Attach again
            </Button>
          )}
          <Badge tone={tone}>{label}</Badge>
        </>
      }
      flush
      title="Events"
    >
      <LiveText isLive={connection === 'live'} log={log} />
      <DataTable
        caption="Events"
        columns={columns}
        empty={<p className="events-none quiet">No event yet.</p>}
        rowId={({ seq }) => String(seq)}
        rows={log.entries}
      />
    </Section>
  );
}

/** How far from the end, in pixels, somebody may have scrolled and still reads along. */
const NEAR_END = 60;

/** Keeps the end of a growing text in sight, until somebody scrolls back. */
function useFollowing(text: string) {
  const element = useRef<HTMLParagraphElement>(null);
  const height = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it has grown
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    const wasAtEnd = current.scrollTop + current.clientHeight >= height.current - NEAR_END;
    height.current = current.scrollHeight;
    if (wasAtEnd) current.scrollTop = current.scrollHeight;
  }, [text]);
  return element;
}

/** Pieces of an answer, as they come. It isn't read out: it would drown everything else. */
function LiveText({ log: { text }, isLive }: { log: EventLog; isLive: boolean }) {
  const element = useFollowing(text);
  if (text === '') return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <p className={`text live-text ${isLive ? 'live-text-on' : ''}`} ref={element} tabIndex={0}>
      {text}
    </p>
  );
}

const columns: readonly Column<LogEntry>[] = [
  {
    id: 'seq',
    header: 'No.',
    isNarrow: true,
    cell: ({ seq, count }) => (count === 1 ? seq : `${seq} – ${seq + count - 1}`),
  },
  { id: 'type', header: 'Event', isNarrow: true, cell: ({ type }) => <code>{type}</code> },
  { id: 'says', header: 'Says', cell: (entry) => <span className="event-says">{describe(entry)}</span> },
];
