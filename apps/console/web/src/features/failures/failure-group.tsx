/** Failures that have their code, provider and lane in common: how many, what to do, and the newest of them. */
import { type FailureGroup, jobErrorHelp, type Range } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Column, Count, DataTable, Icon, Meter, Time, WithCode } from '../../kit/index.ts';
import { jobsSearch } from './failed-jobs-search.ts';

type Example = FailureGroup['newest'][number];

const columns: readonly Column<Example>[] = [
  { id: 'at', header: 'When', cell: ({ finished_at }) => <Time at={finished_at} /> },
  {
    id: 'job',
    header: 'Job',
    cell: ({ id }) => (
      <Link className="mono" params={{ id }} title={id} to="/jobs/$id">
        {id.slice(0, 14)}…
      </Link>
    ),
  },
  {
    id: 'tenant',
    header: 'Tenant',
    isSecondary: true,
    cell: ({ tenant }) => (
      <Link params={{ tenant }} to="/tenants/$tenant">
        {tenant}
      </Link>
    ),
  },
  { id: 'task', header: 'Task', isSecondary: true, cell: ({ task }) => task },
  { id: 'message', header: 'Message', cell: ({ message }) => <span className="failure-message">{message}</span> },
];

interface FailureGroupProps {
  group: FailureGroup;
  /** At first. */
  isOpen: boolean;
  range: Range;
  /** Failures of all groups. */
  total: number;
}

export function FailureGroupSection({ group, isOpen, range, total }: FailureGroupProps) {
  const [open, setOpen] = useState(isOpen);
  const { code, lane } = group;
  return (
    <details className="section failure" onToggle={({ currentTarget }) => setOpen(currentTarget.open)} open={open}>
      <summary>
        <Head group={group} total={total} />
      </summary>
      <div className="failure-body">
        <Help code={code} />
        <DataTable
          caption={`The newest jobs that failed with ${code}`}
          columns={columns}
          rowId={({ id }) => id}
          rows={group.newest}
        />
        <p className="failure-more">
          <Link search={jobsSearch(group, range)} to="/jobs">
            All failed jobs with this code{lane === null ? '' : ` in ${lane}`}
          </Link>
        </p>
      </div>
    </details>
  );
}

function Head({ group: { code, provider, lane, count, newest }, total }: { group: FailureGroup; total: number }) {
  const where = [provider ? `provider ${provider}` : null, lane ? `lane ${lane}` : null].filter(
    (part) => part !== null,
  );
  return (
    <span className="failure-head">
      <span className="failure-turn">
        <Icon name="right" />
      </span>
      <span className="failure-name">
        <code>{code}</code>
        <span className="quiet">{where.join(', ')}</span>
      </span>
      <span className="failure-time quiet">
        last <Time at={newest[0]?.finished_at ?? null} />
      </span>
      <span className="failure-count">
        <span>
          <Count value={count} /> <span className="quiet">{count === 1 ? 'job' : 'jobs'}</span>
        </span>
        <Meter label={`Share of ${code}`} max={total} value={count} />
      </span>
    </span>
  );
}

function Help({ code }: { code: string }) {
  const help = jobErrorHelp(code);
  if (help === null) return null;
  return (
    <dl className="failure-help">
      <div>
        <dt>What happened</dt>
        <dd>
          <WithCode text={help.happened} />
        </dd>
      </div>
      <div>
        <dt>What to do</dt>
        <dd>
          <WithCode text={help.todo} />
        </dd>
      </div>
      <div>
        <dt>Tried again by itself</dt>
        <dd>{help.triedAgain}</dd>
      </div>
    </dl>
  );
}
