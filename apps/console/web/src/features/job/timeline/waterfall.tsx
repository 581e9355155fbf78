/** The timeline as bars. Screen readers get the rows as sentences; the table beside has the same. */
import { formatDuration } from '../../../format/index.ts';
import { percentAt, type Scale, type Span } from './spans.ts';

interface WaterfallProps {
  spans: readonly Span[];
  scale: Scale;
  now: number;
  isOver: boolean;
}

const MARKS = [0, 0.25, 0.5, 0.75, 1];

export function Waterfall({ spans, scale, now, isOver }: WaterfallProps) {
  const seconds = (scale.end - scale.start) / 1_000;
  return (
    <div className="waterfall">
      <div aria-hidden="true" className="waterfall-axis">
        {MARKS.map((share) => (
          <span key={share}>{formatDuration(seconds * share)}</span>
        ))}
      </div>
      <ol>
        {spans.map((span) => (
          <Row key={span.id} now={now} scale={scale} span={span} />
        ))}
      </ol>
      {!isOver && <p className="timeline-note quiet">The job goes on.</p>}
    </div>
  );
}

function Row({ span, scale, now }: { span: Span; scale: Scale; now: number }) {
  const { kind, label, start, end, firstToken, outcome, notes } = span;
  const until = end ?? now;
  const left = percentAt(start, scale);
  const width = Math.max(0.4, percentAt(until, scale) - left);
  const took = formatDuration(Math.max(0, until - start) / 1_000);
  const first = firstToken === null ? '' : `first token after ${formatDuration((firstToken - start) / 1_000)}`;
  const details = [took, outcome ?? '', first, ...notes].filter(Boolean).join(' · ');
  return (
    <li className={`waterfall-row span-${kind}`}>
      <span className="waterfall-label">{label}</span>
      <span aria-hidden="true" className="waterfall-track" title={details}>
        <span className={`bar bar-${kind} bar-${outcome ?? 'plain'}`} style={{ left: `${left}%`, width: `${width}%` }}>
          {firstToken !== null && (
            <span className="bar-first" style={{ width: `${percentAt(firstToken, { start, end: until })}%` }} />
          )}
        </span>
      </span>
      <span className="waterfall-details quiet">{details}</span>
    </li>
  );
}
