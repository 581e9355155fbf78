/** Whether an actor may call an operation. */
import { mayActAs, type Operation, type Role } from '@holdfast/admin';
import { RequestError } from '@holdfast/core';
import type { Actor } from './actor.ts';

/** @param params of the path. @throws RequestError `forbidden` */
export function requireRole(
  actor: Actor,
  { role, tenantKey }: Pick<Operation, 'role' | 'tenantKey'>,
  params: Readonly<Record<string, string>>,
): void {
  if (actor.tenantKey) requireOwnTenant(actor.tenantKey.tenant, tenantKey === true, params.tenant);
  else if (role !== null) requireAtLeast(actor, role);
}

/** @throws RequestError `forbidden` */
export function requireAtLeast(actor: Actor, role: Role, what = 'This'): void {
  if (actor.role !== null && mayActAs(actor.role, role)) return;
  const message = `${what} needs the role "${role}"; "${actor.user}" has the role "${actor.role ?? 'none'}".`;
  throw new RequestError('forbidden', message, { param: 'Authorization' });
}

/** The same refusal whether another tenant exists or not, and for whatever lies elsewhere. */
export function requireOwnTenant(own: string, isOpen: boolean, tenant: string | undefined): void {
  if (isOpen && tenant === own) return;
  const message = `This API key may manage the keys of its own tenant only: /tenants/${own}/keys.`;
  throw new RequestError('forbidden', message, { param: 'Authorization' });
}
