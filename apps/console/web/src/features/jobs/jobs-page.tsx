/** Search in the jobs of all tenants. */
import type { AdminJob } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { liveQuery } from '../../api/index.ts';
import { type Column, DataTable, EmptyState, Loaded, Page, Section, StatusBadge, Time } from '../../kit/index.ts';

const columns: readonly Column<AdminJob>[] = [
  { id: 'status', header: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
  {
    id: 'id',
    header: 'Job',
    cell: ({ id }) => (
      <Link className="mono" params={{ id }} to="/jobs/$id">
        {id}
      </Link>
    ),
  },
  { id: 'tenant', header: 'Tenant', cell: ({ tenant }) => tenant },
  { id: 'created', header: 'Created', cell: ({ created_at }) => <Time at={created_at} /> },
];

export function JobsPage() {
  const jobs = useQuery(liveQuery('searchJobs', {}));
  return (
    <Page title="Jobs">
      <Section flush title="Newest first">
        <Loaded query={jobs}>
          {({ data }) => (
            <DataTable
              caption="Jobs"
              columns={columns}
              empty={<EmptyState title="No job matches." />}
              rowId={({ id }) => id}
              rows={data}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
