/** The lanes as they are now, with the health of their providers, and what is odd about workers. */
import type { Lane, ProviderHealth, Worker } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import {
  Badge,
  type Column,
  Count,
  DataTable,
  Duration,
  HealthBadge,
  Loaded,
  Notice,
  Section,
} from '../../kit/index.ts';

interface ListQuery<Item> {
  data: { data: Item[] } | undefined;
  error: unknown;
  refetch: () => unknown;
}

const columns: readonly Column<Lane>[] = [
  {
    id: 'lane',
    header: 'Lane',
    sortBy: ({ name }) => name,
    cell: ({ name, paused }) => (
      <span className="lane-name">
        <Link search={{ lane: name }} to="/jobs">
          {name}
        </Link>
        {paused && <Badge tone="warn">paused</Badge>}
      </span>
    ),
  },
  { id: 'providers', header: 'Providers', cell: ({ providers }) => <Providers providers={providers} /> },
  {
    id: 'waiting',
    header: 'Waiting',
    align: 'end',
    sortBy: ({ counts }) => counts.waiting,
    cell: ({ counts }) => <Count short value={counts.waiting} />,
  },
  {
    id: 'oldest',
    header: 'Oldest wait',
    align: 'end',
    sortBy: ({ oldest_wait_s }) => oldest_wait_s,
    cell: ({ oldest_wait_s }) => <Duration seconds={oldest_wait_s} />,
  },
  {
    id: 'running',
    header: 'Running',
    align: 'end',
    sortBy: ({ counts }) => counts.active,
    cell: ({ counts, capacity }) => (
      <>
        <Count value={counts.active} /> <span className="quiet">of {capacity}</span>
      </>
    ),
  },
  {
    id: 'delayed',
    header: 'Delayed',
    align: 'end',
    isSecondary: true,
    sortBy: ({ counts }) => counts.delayed,
    cell: ({ counts }) => <Count value={counts.delayed} />,
  },
];

function Providers({ providers }: { providers: readonly ProviderHealth[] }) {
  return (
    <ul className="providers">
      {providers.map(({ name, state, last_error_code }) => (
        <li key={name} title={last_error_code ?? undefined}>
          {name} <HealthBadge state={state} />
        </li>
      ))}
    </ul>
  );
}

/** null: all is as it should be. */
function oddWorkers(workers: readonly Worker[]): string | null {
  if (workers.length === 0) return 'No worker is alive: no job runs. Start a worker, or look at its log.';
  const others = workers.filter(({ same_config }) => !same_config).length;
  if (others > 0) return `${others} of ${workers.length} workers run with another config file than this console.`;
  return null;
}

export function LanesNow({ lanes, workers }: { lanes: ListQuery<Lane>; workers: ListQuery<Worker> }) {
  const odd = workers.data ? oddWorkers(workers.data.data) : null;
  return (
    <>
      {odd !== null && (
        <Notice tone="warn">
          {odd} <Link to="/workers">Workers</Link>
        </Notice>
      )}
      <Section actions={<Link to="/lanes">All about lanes</Link>} flush title="Lanes now">
        <Loaded lines={3} query={lanes}>
          {({ data }) => <DataTable caption="Lanes now" columns={columns} rowId={({ name }) => name} rows={data} />}
        </Loaded>
      </Section>
    </>
  );
}
