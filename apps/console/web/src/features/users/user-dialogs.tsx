/** Makes and deletes users. */
import { type ResponseOf, type Role, roles, type User } from '@holdfast/admin';
import { useState } from 'react';
import { useAction, useSession } from '../../api/index.ts';
import { FormDialog, Notice, SelectField, showToast, TextField } from '../../kit/index.ts';
import { roleMeanings } from './role-meanings.tsx';

interface NewUserDialogProps {
  onMade: (user: ResponseOf<'createUser'>) => void;
  onClose: () => void;
}

export function NewUserDialog({ onMade, onClose }: NewUserDialogProps) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const create = useAction('createUser', { changes: ['users'], onDone: onMade });
  return (
    <FormDialog
      canSubmit={name !== ''}
      error={create.error}
      isBusy={create.isPending}
      onClose={onClose}
      onSubmit={() => create.mutate({ body: { name, role } })}
      submitLabel="Make the user"
      title="New user"
    >
      <TextField
        autoCapitalize="none"
        hint="As in the audit log: lower-case letters, digits and . _ @ + -"
        label="Name"
        maxLength={128}
        onChange={({ target }) => setName(target.value.trim().toLowerCase())}
        required
        value={name}
      />
      <RoleField onChange={setRole} role={role} />
    </FormDialog>
  );
}

function RoleField({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  return (
    <SelectField
      hint={roleMeanings[role]}
      label="Role"
      onChange={({ target }) => onChange(roles.find((one) => one === target.value) ?? 'viewer')}
      options={roles.map((one) => [one, one] as const)}
      value={role}
    />
  );
}

interface UserDialogProps {
  user: User;
  onClose: () => void;
}

export function ChangeRoleDialog({ user, onClose }: UserDialogProps) {
  const [role, setRole] = useState<Role>(user.role);
  const change = useAction('changeUser', {
    changes: ['users', 'session'],
    onDone: () => {
      showToast(`${user.name} has the role ${role} now.`);
      onClose();
    },
  });
  return (
    <FormDialog
      canSubmit={role !== user.role}
      error={change.error}
      isBusy={change.isPending}
      onClose={onClose}
      onSubmit={() => change.mutate({ params: { name: user.name }, body: { role } })}
      submitLabel="Change the role"
      title={`Role of ${user.name}`}
    >
      {user.login === 'oidc' && (
        <Notice tone="warn">Single sign-on sets the role again at each login. Change it there, too.</Notice>
      )}
      <RoleField onChange={setRole} role={role} />
    </FormDialog>
  );
}

export function DeleteUserDialog({ user, onClose }: UserDialogProps) {
  const isOwn = useSession().user === user.name;
  const remove = useAction('deleteUser', {
    changes: ['users'],
    onDone: () => {
      showToast(`User ${user.name} is deleted.`);
      onClose();
    },
  });
  return (
    <FormDialog
      error={remove.error}
      isBusy={remove.isPending}
      onClose={onClose}
      onSubmit={() => remove.mutate({ params: { name: user.name } })}
      submitKind="danger"
      submitLabel="Delete the user"
      title={`Delete ${user.name}?`}
    >
      {isOwn && <Notice tone="warn">This is you. You will be logged out.</Notice>}
      <p>
        {user.login === 'oidc' ? 'Whoever single sign-on still lets in is a user again.' : 'The key stops working.'}{' '}
        Open sessions end. The audit log keeps what {user.name} has done.
      </p>
    </FormDialog>
  );
}
