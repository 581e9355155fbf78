/** Worker processes that are alive. */
import type { Worker } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { liveQuery } from '../../api/index.ts';
import { Bytes, type Column, DataTable, EmptyState, Loaded, Page, Section, Time } from '../../kit/index.ts';

const columns: readonly Column<Worker>[] = [
  { id: 'id', header: 'Worker', sortBy: ({ id }) => id, cell: ({ id }) => <code>{id}</code> },
  { id: 'host', header: 'Host', sortBy: ({ host }) => host, cell: ({ host, pid }) => `${host}, process ${pid}` },
  { id: 'started', header: 'Started', cell: ({ started_at }) => <Time at={started_at} /> },
  { id: 'seen', header: 'Last seen', cell: ({ seen_at }) => <Time at={seen_at} /> },
  {
    id: 'memory',
    header: 'Memory',
    align: 'end',
    sortBy: ({ memory_bytes }) => memory_bytes,
    cell: ({ memory_bytes }) => <Bytes value={memory_bytes} />,
  },
];

export function WorkersPage() {
  const workers = useQuery(liveQuery('workers', {}));
  return (
    <Page summary="Processes that run jobs, as long as they are alive." title="Workers">
      <Section flush title="All workers">
        <Loaded query={workers}>
          {({ data }) => (
            <DataTable
              caption="All workers"
              columns={columns}
              empty={<EmptyState title="No worker is running: no job runs." />}
              rowId={({ id }) => id}
              rows={data}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
