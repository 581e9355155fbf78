/** Users of the console. */
import type { User } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminQuery, useMay } from '../../api/index.ts';
import { Button, DataTable, EmptyState, KeyOnceDialog, Loaded, Page, RoleNote, Section } from '../../kit/index.ts';
import { RoleMeanings } from './role-meanings.tsx';
import { userColumns } from './user-columns.tsx';
import { ChangeRoleDialog, DeleteUserDialog, NewUserDialog } from './user-dialogs.tsx';
import './users.css';

const TITLE = 'Users';
const SUMMARY =
  'Who may log in to this console, each with a name of their own. The admin key is nobody’s: it always works.';

export function UsersPage() {
  if (useMay('admin')) return <Users />;
  return (
    <Page summary={SUMMARY} title={TITLE}>
      <RoleNote needs="admin" what="Users are hidden" />
    </Page>
  );
}

type Open = { kind: 'new' } | { kind: 'made'; name: string; key: string } | { kind: 'change' | 'delete'; user: User };

function Users() {
  const users = useQuery(adminQuery('users', {}));
  const [open, setOpen] = useState<Open | null>(null);
  return (
    <Page
      actions={
        <Button icon="plus" kind="primary" onClick={() => setOpen({ kind: 'new' })}>
          New user
        </Button>
      }
      summary={SUMMARY}
      title={TITLE}
    >
      <Section flush title="All users">
        <Loaded lines={4} query={users}>
          {({ data }) => (
            <DataTable
              caption="Users of the console"
              columns={userColumns({
                onChange: (user) => setOpen({ kind: 'change', user }),
                onDelete: (user) => setOpen({ kind: 'delete', user }),
              })}
              empty={
                <EmptyState icon="users" title="There is only the admin key.">
                  Make a user for each person, so that the audit log says who did what.
                </EmptyState>
              }
              rowId={({ name }) => name}
              rows={data}
            />
          )}
        </Loaded>
      </Section>
      <Section title="What the roles may do">
        <RoleMeanings />
      </Section>
      {open && <Dialogs open={open} setOpen={setOpen} />}
    </Page>
  );
}

function Dialogs({ open, setOpen }: { open: Open; setOpen: (open: Open | null) => void }) {
  const close = () => setOpen(null);
  switch (open.kind) {
    case 'new':
      return <NewUserDialog onClose={close} onMade={({ name, key }) => setOpen({ kind: 'made', name, key })} />;
    case 'change':
      return <ChangeRoleDialog onClose={close} user={open.user} />;
    case 'delete':
      return <DeleteUserDialog onClose={close} user={open.user} />;
    case 'made':
      return (
        <KeyOnceDialog onClose={close} title={`The key of ${open.name}`} value={open.key}>
          <p className="quiet">Hand it over by a safe way. With it {open.name} logs in to this console.</p>
        </KeyOnceDialog>
      );
  }
}
