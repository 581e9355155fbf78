/** The timeline, as bars or as a table. */
import type { JobDetails } from '@holdfast/admin';
import { hasEnded } from '@holdfast/core';
import { useState } from 'react';
import { formatClock, formatDuration } from '../../../format/index.ts';
import { Choice, type Column, DataTable, None, Section, StatusBadge, useNow } from '../../../kit/index.ts';
import { type Span, scaleOf, spansOf } from './spans.ts';
import { Waterfall } from './waterfall.tsx';
import './timeline.css';

type Look = 'bars' | 'table';
const looks = [
  ['bars', 'Bars'],
  ['table', 'Table'],
] as const satisfies readonly (readonly [Look, string])[];

export function TimelineSection({ job }: { job: JobDetails }) {
  const [look, setLook] = useState<Look>('bars');
  const spans = spansOf(job);
  return (
    <Section
      actions={<Choice label="Show the timeline as" onChange={setLook} options={looks} value={look} />}
      flush
      title="Timeline"
    >
      {look === 'bars' ? <Bars isOver={hasEnded(job.status)} spans={spans} /> : <SpanTable spans={spans} />}
      {job.timeline === null && job.started_at !== null && (
        <p className="timeline-note quiet">Its attempts and calls are not known.</p>
      )}
    </Section>
  );
}

function Bars({ spans, isOver }: { spans: readonly Span[]; isOver: boolean }) {
  const now = useNow();
  return <Waterfall isOver={isOver} now={now} scale={scaleOf(spans, now)} spans={spans} />;
}

const columns: readonly Column<Span>[] = [
  { id: 'what', header: 'What', cell: ({ label, kind }) => <span className={`span-${kind}`}>{label}</span> },
  {
    id: 'start',
    header: 'Began',
    cell: ({ start }) => <time dateTime={new Date(start).toISOString()}>{formatClock(start)}</time>,
  },
  {
    id: 'took',
    header: 'Took',
    align: 'end',
    cell: ({ start, end }) => (end === null ? 'goes on' : formatDuration((end - start) / 1_000)),
  },
  {
    id: 'first',
    header: 'First token after',
    align: 'end',
    cell: ({ start, firstToken }) => (firstToken === null ? <None /> : formatDuration((firstToken - start) / 1_000)),
  },
  {
    id: 'outcome',
    header: 'Outcome',
    cell: ({ outcome }) => (outcome === null ? <None /> : <StatusBadge status={outcome} />),
  },
  { id: 'notes', header: 'Details', cell: ({ notes }) => notes.join(' · ') },
];

function SpanTable({ spans }: { spans: readonly Span[] }) {
  return <DataTable caption="Timeline" columns={columns} rowId={({ id }) => id} rows={spans} />;
}
