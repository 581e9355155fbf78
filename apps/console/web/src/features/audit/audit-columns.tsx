/** The columns of the audit log. */
import type { AuditEntry } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import { Badge, type Column, None, Time } from '../../kit/index.ts';
import { auditWords, detailsText, targetKindOf } from './audit-words.ts';

function Target({ entry }: { entry: AuditEntry }) {
  const { target, tenant } = entry;
  if (target === null) return <None />;
  const shown = <span className="audit-target mono">{target}</span>;
  const kind = targetKindOf(entry);
  if (kind === 'job')
    return (
      <Link params={{ id: target }} to="/jobs/$id">
        {shown}
      </Link>
    );
  if (kind === 'lane') return <Link to="/lanes">{shown}</Link>;
  if (kind === 'user') return <Link to="/users">{shown}</Link>;
  const owner = kind === 'tenant' ? target : tenant;
  if (kind === null || owner === null) return shown;
  return (
    <Link params={{ tenant: owner }} to="/tenants/$tenant">
      {shown}
    </Link>
  );
}

function Outcome({ outcome }: Pick<AuditEntry, 'outcome'>) {
  if (outcome === 'done') return <>done</>;
  if (outcome !== null) return <code className="bad">{outcome}</code>;
  return (
    <Badge title="It is under way, or the console died during it." tone="warn">
      unknown
    </Badge>
  );
}

export const auditColumns: readonly Column<AuditEntry>[] = [
  { id: 'at', header: 'When', cell: ({ at }) => <Time at={at} /> },
  {
    id: 'action',
    header: 'What',
    cell: ({ action }) => (
      <span className={`nowrap ${action === 'login.refused' ? 'bad' : ''}`} title={action}>
        {auditWords[action]}
      </span>
    ),
  },
  {
    id: 'user',
    header: 'Who',
    cell: ({ user, role, address }) => (
      <span className="audit-who" title={address === null ? undefined : `From ${address}`}>
        {user} {role !== null && role !== user && <Badge>{role}</Badge>}
      </span>
    ),
  },
  { id: 'target', header: 'Target', cell: (entry) => <Target entry={entry} /> },
  {
    id: 'tenant',
    header: 'Tenant',
    isSecondary: true,
    cell: ({ tenant }) =>
      tenant === null ? (
        <None />
      ) : (
        <Link params={{ tenant }} to="/tenants/$tenant">
          {tenant}
        </Link>
      ),
  },
  {
    id: 'details',
    header: 'Details',
    cell: ({ details }) => {
      const text = detailsText(details);
      return text === '' ? <None /> : <span className="audit-details mono">{text}</span>;
    },
  },
  { id: 'outcome', header: 'Outcome', cell: ({ outcome }) => <Outcome outcome={outcome} /> },
  { id: 'address', header: 'From', isSecondary: true, cell: ({ address }) => address ?? <None label="unknown" /> },
];
