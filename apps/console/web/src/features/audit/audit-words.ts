/** What stands in the audit log, in words, and where its targets are found. */
import type { AuditAction, AuditEntry } from '@holdfast/admin';

export const auditWords: Readonly<Record<AuditAction, string>> = {
  login: 'Logged in',
  'login.refused': 'Was refused a login',
  logout: 'Logged out',
  'job.read_content': 'Read prompt and answer',
  'job.cancel': 'Cancelled a job',
  'job.retry': 'Retried a job',
  'job.rerun': 'Ran a changed copy',
  'job.delete': 'Deleted a job',
  'jobs.bulk': 'Changed many jobs',
  'tenant.set': 'Set a tenant',
  'key.create': 'Made an API key',
  'key.rotate': 'Rotated an API key',
  'key.revoke': 'Revoked an API key',
  'lane.change': 'Changed a lane',
  'user.create': 'Made a user',
  'user.change': 'Changed a user',
  'user.delete': 'Deleted a user',
};

export type TargetKind = 'job' | 'tenant' | 'key' | 'lane' | 'user' | null;

/** What kind of thing an entry's target is. */
export function targetKindOf({ action, target }: Pick<AuditEntry, 'action' | 'target'>): TargetKind {
  const kind = action.split('.')[0];
  if (target === null) return null;
  return kind === 'job' || kind === 'tenant' || kind === 'key' || kind === 'lane' || kind === 'user' ? kind : null;
}

function wordOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** `paused: true, limits: {"max_running":5}`; empty: there are none. */
export function detailsText(details: AuditEntry['details']): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${wordOf(value)}`)
    .join(', ');
}
