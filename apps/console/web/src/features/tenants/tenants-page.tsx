/** All tenants, with what they have spent. */
import type { TenantRow } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { adminQuery } from '../../api/index.ts';
import {
  type Column,
  Count,
  DataTable,
  EmptyState,
  Loaded,
  Money,
  None,
  Page,
  Section,
  Time,
} from '../../kit/index.ts';

const columns: readonly Column<TenantRow>[] = [
  {
    id: 'id',
    header: 'Tenant',
    sortBy: ({ id }) => id,
    cell: ({ id }) => (
      <Link params={{ tenant: id }} to="/tenants/$tenant">
        {id}
      </Link>
    ),
  },
  { id: 'plan', header: 'Plan', sortBy: ({ plan }) => plan, cell: ({ plan }) => plan ?? <None /> },
  {
    id: 'day',
    header: 'Today',
    align: 'end',
    sortBy: ({ day_usd }) => day_usd,
    cell: ({ day_usd }) => <Money usd={day_usd} />,
  },
  {
    id: 'month',
    header: 'This month',
    align: 'end',
    sortBy: ({ month_usd }) => month_usd,
    cell: ({ month_usd }) => <Money usd={month_usd} />,
  },
  {
    id: 'waiting',
    header: 'Waiting',
    align: 'end',
    sortBy: ({ waiting }) => waiting,
    cell: ({ waiting }) => <Count value={waiting} />,
  },
  {
    id: 'running',
    header: 'Running',
    align: 'end',
    sortBy: ({ running }) => running,
    cell: ({ running }) => <Count value={running} />,
  },
  {
    id: 'created',
    header: 'Created',
    isSecondary: true,
    sortBy: ({ created_at }) => created_at,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
];

export function TenantsPage() {
  const tenants = useQuery(adminQuery('tenants', {}));
  return (
    <Page summary="Who API keys belong to, with what they have spent." title="Tenants">
      <Section flush title="All tenants">
        <Loaded query={tenants}>
          {({ data }) => (
            <DataTable
              caption="All tenants"
              columns={columns}
              empty={<EmptyState title="There are no tenants yet." />}
              rowId={({ id }) => id}
              rows={data}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
