/** The columns of users. */
import { type Role, roles, type User } from '@holdfast/admin';
import { Badge, Button, type Column, Time, type Tone } from '../../kit/index.ts';

const tones: Readonly<Record<Role, Tone>> = { viewer: 'neutral', operator: 'warn', admin: 'accent' };

export function RoleBadge({ role }: { role: Role }) {
  return <Badge tone={tones[role]}>{role}</Badge>;
}

interface UserActions {
  onChange: (user: User) => void;
  onDelete: (user: User) => void;
}

export function userColumns({ onChange, onDelete }: UserActions): readonly Column<User>[] {
  return [
    { id: 'name', header: 'User', sortBy: ({ name }) => name, cell: ({ name }) => name },
    {
      id: 'role',
      header: 'Role',
      sortBy: ({ role }) => roles.indexOf(role),
      cell: ({ role }) => <RoleBadge role={role} />,
    },
    {
      id: 'way',
      header: 'Logs in with',
      isSecondary: true,
      cell: ({ login }) => (login === 'oidc' ? 'single sign-on' : 'a key'),
    },
    {
      id: 'login',
      header: 'Last login',
      sortBy: ({ last_login_at }) => last_login_at,
      cell: ({ last_login_at }) =>
        last_login_at === null ? <span className="quiet">never</span> : <Time at={last_login_at} />,
    },
    {
      id: 'created',
      header: 'Created',
      isSecondary: true,
      sortBy: ({ created_at }) => created_at,
      cell: ({ created_at }) => <Time at={created_at} />,
    },
    {
      id: 'actions',
      header: 'Actions',
      align: 'end',
      cell: (user) => (
        <span className="row-actions">
          <Button aria-label={`Change the role of ${user.name}`} onClick={() => onChange(user)} small>
            Role
          </Button>
          <Button aria-label={`Delete ${user.name}`} onClick={() => onDelete(user)} small>
            Delete
          </Button>
        </span>
      ),
    },
  ];
}
