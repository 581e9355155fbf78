/** Who has done or looked at what. */
import type { AuditEntry } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { adminQuery } from '../../api/index.ts';
import { type Column, DataTable, EmptyState, Loaded, None, Page, Section, Time } from '../../kit/index.ts';

const columns: readonly Column<AuditEntry>[] = [
  { id: 'at', header: 'When', cell: ({ at }) => <Time at={at} /> },
  { id: 'user', header: 'User', cell: ({ user }) => user },
  { id: 'action', header: 'Action', cell: ({ action }) => <code>{action}</code> },
  { id: 'target', header: 'Target', cell: ({ target }) => target ?? <None /> },
];

export function AuditPage() {
  const audit = useQuery(adminQuery('audit', {}));
  return (
    <Page summary="Who has done or looked at what, newest first." title="Audit log">
      <Section flush title="Entries">
        <Loaded query={audit}>
          {({ data }) => (
            <DataTable
              caption="Entries of the audit log"
              columns={columns}
              empty={<EmptyState title="Nothing has been done yet." />}
              rowId={({ id }) => id}
              rows={data}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
