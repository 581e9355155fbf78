/** The providers of a lane, in the order in which they are called, and what workers think of them. */
import type { ProviderHealth } from '@holdfast/admin';
import { type Column, DataTable, HealthBadge, None, Time } from '../../kit/index.ts';

const meanings: Readonly<Record<ProviderHealth['state'], string>> = {
  healthy: 'Calls go through.',
  failing: 'Some breaker is open: no calls until it is tried again.',
  recovering: 'A few calls are let through to see whether it works again.',
  unknown: 'No worker serves the lane.',
};

const columns: readonly Column<ProviderHealth>[] = [
  {
    id: 'name',
    header: 'Provider',
    cell: ({ name, base_url }) => (
      <span className="provider">
        {name}
        <span className="quiet">{base_url}</span>
      </span>
    ),
  },
  {
    id: 'state',
    header: 'Health',
    cell: ({ state }) => (
      <span title={meanings[state]}>
        <HealthBadge state={state} />
      </span>
    ),
  },
  {
    id: 'breakers',
    header: 'Open breakers',
    cell: ({ open_on, workers }) =>
      workers === 0 ? <None label="no worker" /> : `${open_on} of ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
  },
  {
    id: 'error',
    header: 'Last error',
    cell: ({ last_error_code }) => (last_error_code === null ? <None /> : <code>{last_error_code}</code>),
  },
  { id: 'retry', header: 'Next try', cell: ({ retry_at }) => <Time at={retry_at} /> },
];

export function Providers({ lane, providers }: { lane: string; providers: readonly ProviderHealth[] }) {
  return (
    <div className="lane-part lane-providers">
      <DataTable
        caption={`Providers of ${lane}, in the order in which they are called`}
        columns={columns}
        rowId={({ name }) => name}
        rows={providers}
      />
    </div>
  );
}
