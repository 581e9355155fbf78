/** The columns of workers, and of their load by lane. */
import type { Worker } from '@holdfast/admin';
import { Badge, Bytes, type Column, Count, Duration, None, Time, UsedOf } from '../../kit/index.ts';
import { isSlowLoop, type LaneLoad, loadOf } from './worker-figures.ts';

const count = (value: number) => <Count value={value} />;

function State({ draining, same_config }: Worker) {
  return (
    <span className="worker-state">
      {draining ? (
        <Badge title="It stops: it takes no more jobs, and ends when those that run have ended." tone="warn">
          draining
        </Badge>
      ) : (
        <Badge tone="good">working</Badge>
      )}
      {!same_config && <Badge tone="warn">other config</Badge>}
    </span>
  );
}

export const workerColumns: readonly Column<Worker>[] = [
  {
    id: 'id',
    header: 'Worker',
    sortBy: ({ id }) => id,
    cell: ({ id, host, pid, version }) => (
      <span className="worker">
        <code className="nowrap">{id}</code>
        <span className="quiet nowrap">
          {host}
          <span className="worker-process">
            , process {pid}, version {version}
          </span>
        </span>
      </span>
    ),
  },
  { id: 'state', header: 'State', cell: (worker) => <State {...worker} /> },
  {
    id: 'load',
    header: 'Running',
    align: 'end',
    sortBy: (worker) => loadOf(worker).running,
    cell: (worker) => {
      const { running, capacity } = loadOf(worker);
      return <UsedOf format={count} label={`Capacity of ${worker.id}`} max={capacity} used={running} />;
    },
  },
  {
    id: 'memory',
    header: 'Memory',
    align: 'end',
    sortBy: ({ memory_bytes }) => memory_bytes,
    cell: ({ memory_bytes }) => <Bytes value={memory_bytes} />,
  },
  {
    id: 'loop',
    header: 'Loop delay',
    align: 'end',
    sortBy: ({ loop_delay_s }) => loop_delay_s,
    cell: ({ loop_delay_s }) => (
      <span className={isSlowLoop(loop_delay_s) ? 'bad' : ''} title="Of the event loop, 99th percentile.">
        <Duration seconds={loop_delay_s} />
      </span>
    ),
  },
  {
    id: 'ended',
    header: 'Jobs ended',
    align: 'end',
    isSecondary: true,
    sortBy: ({ jobs_ended }) => jobs_ended,
    cell: ({ jobs_ended }) => <Count short value={jobs_ended} />,
  },
  {
    id: 'started',
    header: 'Started',
    align: 'end',
    isSecondary: true,
    sortBy: ({ started_at }) => started_at,
    cell: ({ started_at }) => <Time at={started_at} />,
  },
  {
    id: 'seen',
    header: 'Last seen',
    align: 'end',
    isSecondary: true,
    sortBy: ({ seen_at }) => seen_at,
    cell: ({ seen_at }) => <Time at={seen_at} />,
  },
];

/** More workers than columns have room for are shown by their sum alone. */
const MAX_COLUMNS = 8;

export function laneColumns(workers: readonly Worker[]): readonly Column<LaneLoad>[] {
  const each = workers.length <= MAX_COLUMNS ? workers : [];
  return [
    { id: 'lane', header: 'Lane', sortBy: ({ lane }) => lane, cell: ({ lane }) => lane },
    {
      id: 'all',
      header: 'All workers',
      align: 'end',
      sortBy: ({ running }) => running,
      cell: ({ lane, running, capacity }) => (
        <UsedOf format={count} label={`Capacity for ${lane}`} max={capacity} used={running} />
      ),
    },
    ...each.map(
      ({ id }): Column<LaneLoad> => ({
        id,
        header: id,
        align: 'end',
        cell: ({ lane, byWorker }) => {
          const load = byWorker.get(id);
          if (load === undefined) return <None label="not served" />;
          return <UsedOf format={count} label={`${lane} on ${id}`} max={load.capacity} used={load.running} />;
        },
      }),
    ),
  ];
}
