/** The facts of a job, the most asked for first. */
import type { JobDetails } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Badge, Count, Elapsed, ExactTime, Facts, Money, Section, Tile, Tiles, Time } from '../../kit/index.ts';

export function JobTiles({ job }: { job: JobDetails }) {
  const { usage, created_at, started_at, finished_at, provider_calls, ambiguous_calls } = job;
  return (
    <Tiles>
      <Tile
        label="Cost"
        note={usage?.cached ? 'copied from an equal job' : usage?.estimated ? 'partly estimated' : null}
        value={<Money usd={usage?.cost_usd ?? null} />}
      />
      <Tile label="Tokens in" value={<Count value={usage?.input_tokens ?? null} />} />
      <Tile label="Tokens out" value={<Count value={usage?.output_tokens ?? null} />} />
      <Tile
        label="Provider calls"
        note={ambiguous_calls > 0 ? `${ambiguous_calls} may have been charged for nothing` : null}
        tone={ambiguous_calls > 0 ? 'warn' : undefined}
        value={<Count value={provider_calls} />}
      />
      <Tile label="Waited" value={<Elapsed from={created_at} to={started_at ?? finished_at} />} />
      <Tile label="Ran" value={<Elapsed from={started_at} to={finished_at} />} />
    </Tiles>
  );
}

const optional = (name: string, value: ReactNode | null): [string, ReactNode][] =>
  value === null ? [] : [[name, value]];

const jobLink = (id: string | null) =>
  id === null ? null : (
    <Link className="mono" params={{ id }} to="/jobs/$id">
      {id}
    </Link>
  );

const time = (at: string | null) => (at === null ? null : <Time at={at} />);
const mono = (text: string | null) => (text === null ? null : <code>{text}</code>);

function itemsOf(job: JobDetails): [string, ReactNode][] {
  return [
    [
      'Tenant',
      <Link key="tenant" params={{ tenant: job.tenant }} to="/tenants/$tenant">
        {job.tenant}
      </Link>,
    ],
    ['Task', job.task],
    ['Lane', job.lane],
    ['Priority', job.priority],
    ['Created', <ExactTime at={job.created_at} key="created" />],
    ...optional('Runs from', time(job.due_at)),
    ...optional('Deadline', time(job.deadline_at)),
    ...optional('Next attempt', time(job.retry_at)),
    ...optional('Cancel requested', time(job.cancel_requested_at)),
    ...optional('Ended', job.finished_at === null ? null : <ExactTime at={job.finished_at} key="ended" />),
    ...optional('Answer copied from', jobLink(job.copied_from)),
    ...optional('Changed copy of', jobLink(job.rerun_of)),
    ...optional('Request id', mono(job.request_id)),
    ...optional('Trace id', mono(job.trace_id)),
  ];
}

export function JobFacts({ job }: { job: JobDetails }) {
  const metadata = Object.entries(job.metadata);
  return (
    <Section title="Details">
      <Facts items={itemsOf(job)} />
      {metadata.length > 0 && (
        <ul aria-label="Metadata" className="metadata">
          {metadata.map(([name, value]) => (
            <li key={name}>
              <Link search={{ [`metadata.${name}`]: value }} title="Jobs with this metadata" to="/jobs">
                <Badge>
                  {name}: {value}
                </Badge>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
