/** Lanes with their queues, limits and providers. */
import type { Lane } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { liveQuery } from '../../api/index.ts';
import { Badge, type Column, Count, DataTable, Duration, Loaded, Page, Section } from '../../kit/index.ts';

const columns: readonly Column<Lane>[] = [
  { id: 'name', header: 'Lane', sortBy: ({ name }) => name, cell: ({ name }) => name },
  {
    id: 'state',
    header: 'State',
    cell: ({ paused }) => (paused ? <Badge tone="warn">paused</Badge> : <Badge tone="good">open</Badge>),
  },
  { id: 'waiting', header: 'Waiting', align: 'end', cell: ({ counts }) => <Count value={counts.waiting} /> },
  {
    id: 'oldest',
    header: 'Oldest wait',
    align: 'end',
    cell: ({ oldest_wait_s }) => <Duration seconds={oldest_wait_s} />,
  },
];

export function LanesPage() {
  const lanes = useQuery(liveQuery('lanes', {}));
  return (
    <Page summary="Models that share a provider account and its limits." title="Lanes">
      <Section flush title="All lanes">
        <Loaded query={lanes}>
          {({ data }) => <DataTable caption="All lanes" columns={columns} rowId={({ name }) => name} rows={data} />}
        </Loaded>
      </Section>
    </Page>
  );
}
