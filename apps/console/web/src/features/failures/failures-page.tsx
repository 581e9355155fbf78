/** Failures of a range, grouped by what they have in common. */
import type { FailureGroup } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { adminQuery } from '../../api/index.ts';
import { type Column, Count, DataTable, EmptyState, Loaded, None, Page, Section } from '../../kit/index.ts';

const route = getRouteApi('/app/failures');

const columns: readonly Column<FailureGroup>[] = [
  { id: 'code', header: 'Code', sortBy: ({ code }) => code, cell: ({ code }) => <code>{code}</code> },
  { id: 'provider', header: 'Provider', cell: ({ provider }) => provider ?? <None /> },
  { id: 'lane', header: 'Lane', cell: ({ lane }) => lane ?? <None /> },
  {
    id: 'count',
    header: 'Jobs',
    align: 'end',
    sortBy: ({ count }) => count,
    cell: ({ count }) => <Count value={count} />,
  },
];

const groupId = ({ code, provider, lane }: FailureGroup) => `${code} ${provider} ${lane}`;

export function FailuresPage() {
  const { range = '24h' } = route.useSearch();
  const failures = useQuery(adminQuery('failures', { query: { range } }));
  return (
    <Page summary="Failed jobs, by what they have in common." title="Failures">
      <Section flush title="Groups">
        <Loaded query={failures}>
          {({ groups }) => (
            <DataTable
              caption="Groups of failures"
              columns={columns}
              empty={<EmptyState title="Nothing failed in this time." />}
              rowId={groupId}
              rows={groups}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
