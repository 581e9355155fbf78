/** The columns of a tenant's API keys. */
import type { ApiKey } from '@holdfast/admin';
import { Badge, Button, type Column, Time } from '../../../kit/index.ts';

const lookedAt: readonly Column<ApiKey>[] = [
  {
    id: 'id',
    header: 'Key',
    sortBy: ({ id }) => id,
    cell: ({ id, bootstrap }) => (
      <span className="plan">
        <code>{id}</code>
        {bootstrap && <Badge title="Made at start, from HOLDFAST_BOOTSTRAP_KEY.">bootstrap</Badge>}
      </span>
    ),
  },
  {
    id: 'scopes',
    header: 'May',
    cell: ({ scopes }) => (
      <span className="scopes">
        {scopes.map((scope) => (
          <Badge key={scope} tone={scope === 'admin' ? 'accent' : 'neutral'}>
            {scope}
          </Badge>
        ))}
      </span>
    ),
  },
  { id: 'tasks', header: 'Tasks', isSecondary: true, cell: ({ tasks }) => tasks?.join(', ') ?? 'all' },
  {
    id: 'created',
    header: 'Created',
    isSecondary: true,
    sortBy: ({ created_at }) => created_at,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
  {
    id: 'expires',
    header: 'Ends',
    sortBy: ({ expires_at }) => expires_at,
    cell: ({ expires_at }) => (expires_at === null ? <span className="quiet">never</span> : <Time at={expires_at} />),
  },
];

interface KeyActions {
  onRotate: (key: ApiKey) => void;
  onRevoke: (key: ApiKey) => void;
}

/** @param actions null: the role may only look */
export function keyColumns(actions: KeyActions | null): readonly Column<ApiKey>[] {
  if (actions === null) return lookedAt;
  return [
    ...lookedAt,
    {
      id: 'actions',
      header: 'Actions',
      align: 'end',
      cell: (key) => (
        <span className="row-actions">
          <Button aria-label={`Rotate ${key.id}`} onClick={() => actions.onRotate(key)} small>
            Rotate
          </Button>
          <Button aria-label={`Revoke ${key.id}`} onClick={() => actions.onRevoke(key)} small>
            Revoke
          </Button>
        </span>
      ),
    },
  ];
}
