/** The jobs of a page. */
import type { AdminJob } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import {
  Badge,
  type Column,
  DataTable,
  Elapsed,
  EmptyState,
  Money,
  None,
  type Selection,
  StatusBadge,
  Time,
} from '../../kit/index.ts';

const columns: readonly Column<AdminJob>[] = [
  {
    id: 'status',
    header: 'Status',
    cell: ({ status, error, retry_at }) => (
      <span className="job-status">
        <StatusBadge status={status} />
        {error && <code className="quiet">{error.code}</code>}
        {status === 'queued' && retry_at !== null && (
          <span className="quiet">
            retry <Time at={retry_at} />
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'job',
    header: 'Job',
    cell: ({ id, from }) => (
      <span className="job-id">
        <Link className="mono" params={{ id }} title={id} to="/jobs/$id">
          {shortId(id)}
        </Link>
        {from === 'archive' && <Badge title="Redis no longer has it: it comes from the archive.">archive</Badge>}
      </span>
    ),
  },
  { id: 'tenant', header: 'Tenant', cell: ({ tenant }) => tenant },
  { id: 'task', header: 'Task', cell: ({ task }) => task },
  { id: 'lane', header: 'Lane', isSecondary: true, cell: ({ lane }) => lane },
  {
    id: 'created',
    header: 'Created',
    cell: ({ created_at }) => <Time at={created_at} />,
  },
  {
    id: 'took',
    header: 'Took',
    align: 'end',
    isSecondary: true,
    cell: ({ started_at, finished_at }) => <Elapsed from={started_at} to={finished_at} />,
  },
  {
    id: 'attempts',
    header: 'Attempts',
    align: 'end',
    isSecondary: true,
    cell: ({ attempt }) => (attempt > 1 ? <strong>{attempt}</strong> : attempt || <None />),
  },
  { id: 'cost', header: 'Cost', align: 'end', cell: ({ usage }) => <Money usd={usage?.cost_usd ?? null} /> },
];

/** Ids are long and differ everywhere: both ends tell them apart. The whole id is the link's title. */
export function shortId(id: string): string {
  return id.length <= 20 ? id : `${id.slice(0, 10)}…${id.slice(-6)}`;
}

interface JobsTableProps {
  jobs: readonly AdminJob[];
  selection: Selection | undefined;
}

export function JobsTable({ jobs, selection }: JobsTableProps) {
  return (
    <DataTable
      caption="Jobs, newest first"
      columns={columns}
      empty={
        <EmptyState icon="search" title="No job matches.">
          Check the filter, or look at a longer time.
        </EmptyState>
      }
      rowId={({ id }) => id}
      rows={jobs}
      selection={selection}
    />
  );
}
