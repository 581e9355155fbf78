/** Users of the console. */
import type { User } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { adminQuery } from '../../api/index.ts';
import { Badge, type Column, DataTable, EmptyState, Loaded, Page, Section, Time } from '../../kit/index.ts';

const columns: readonly Column<User>[] = [
  { id: 'name', header: 'User', sortBy: ({ name }) => name, cell: ({ name }) => name },
  { id: 'role', header: 'Role', sortBy: ({ role }) => role, cell: ({ role }) => <Badge>{role}</Badge> },
  { id: 'login', header: 'Last login', cell: ({ last_login_at }) => <Time at={last_login_at} /> },
  { id: 'created', header: 'Created', cell: ({ created_at }) => <Time at={created_at} /> },
];

export function UsersPage() {
  const users = useQuery(adminQuery('users', {}));
  return (
    <Page summary="People with a key of their own to this console." title="Users">
      <Section flush title="All users">
        <Loaded query={users}>
          {({ data }) => (
            <DataTable
              caption="All users"
              columns={columns}
              empty={<EmptyState title="There is only the admin key." />}
              rowId={({ name }) => name}
              rows={data}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
