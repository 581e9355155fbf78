/**
 * What the audit log has of each act: every operation that changes something, and every look at content. The type checker holds
 * the list complete. A login has an entry too, which `login/log-in.ts` writes: only its key says whose it is.
 */
import type { AuditAction, OperationName, Operations } from '@holdfast/admin';
import type { JsonObject } from '@holdfast/core';
import type { Call } from '../api/handler.ts';

type Changing = {
  [Name in OperationName]: Operations[Name]['method'] extends 'GET' ? never : Name;
}[OperationName];
type ActName = Exclude<Changing, 'login'> | 'jobContent' | 'jobEvents';

interface Act<Name extends OperationName> {
  action: AuditAction;
  target: (call: Call<Name>) => string | null;
  tenant?: (call: Call<Name>) => string;
  /** What was asked for; neither content nor keys. */
  details?: (call: Call<Name>) => JsonObject;
  /** false: this call changes nothing. */
  counts?: (call: Call<Name>) => boolean;
}

const job = (action: AuditAction) => ({
  action,
  target: ({ params }: { params: { id: string } }) => params.id,
});
const ofTenant = ({ params }: { params: { tenant: string } }) => params.tenant;
const ofKey = ({ params }: { params: { keyId: string } }) => params.keyId;

const acts: { [Name in ActName]: Act<Name> } = {
  logout: { action: 'logout', target: () => null },
  jobContent: job('job.read_content'),
  jobEvents: job('job.read_content'),
  cancelJob: job('job.cancel'),
  retryJob: job('job.retry'),
  rerunJob: job('job.rerun'),
  deleteJob: job('job.delete'),
  bulk: {
    action: 'jobs.bulk',
    target: () => null,
    details: ({ body: { action, ids, filter } }) => ({
      action,
      ...(ids ? { ids: ids.length } : { filter: JSON.parse(JSON.stringify(filter)) as JsonObject }),
    }),
    counts: ({ body }) => !body.dry_run,
  },
  setTenant: {
    action: 'tenant.set',
    target: ofTenant,
    tenant: ofTenant,
    details: ({ body }) => JSON.parse(JSON.stringify(body)) as JsonObject,
  },
  createKey: {
    action: 'key.create',
    target: () => null,
    tenant: ofTenant,
    details: ({ body: { scopes, tasks } }) => ({ scopes, tasks: tasks ?? null }),
  },
  rotateKey: {
    action: 'key.rotate',
    target: ofKey,
    tenant: ofTenant,
    details: ({ body }) => ({ grace_s: body.grace_s }),
  },
  revokeKey: { action: 'key.revoke', target: ofKey, tenant: ofTenant },
  changeLane: {
    action: 'lane.change',
    target: ({ params }) => params.lane,
    details: ({ body }) => JSON.parse(JSON.stringify(body)) as JsonObject,
  },
  createUser: {
    action: 'user.create',
    target: ({ body }) => body.name,
    details: ({ body }) => ({ role: body.role }),
  },
  changeUser: {
    action: 'user.change',
    target: ({ params }) => params.name,
    details: ({ body }) => ({ role: body.role }),
  },
  deleteUser: { action: 'user.delete', target: ({ params }) => params.name },
};

/** The act that an operation is; null: it only reads what is no content. */
export function actOf<Name extends OperationName>(name: Name): Act<Name> | null {
  return name in acts ? (acts[name as ActName] as unknown as Act<Name>) : null;
}
