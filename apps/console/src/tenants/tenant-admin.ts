/**
 * A tenant's own admin: who came with an API key of the scope `admin`. Where it is limited to some tasks, it may touch no key
 * that may more: one made or rotated by it would be a way around, and one revoked was somebody's whom it has no say over.
 */
import { type Caller, RequestError } from '@holdfast/core';
import type { Response } from '@holdfast/service';

export function rememberTenantAdmin(response: Response, caller: Caller): void {
  response.locals.tenantAdmin = caller;
}

/** @param tasks that a key is, or is to be, limited to; null: to none. @throws RequestError `forbidden` */
export function requireNoMoreThanOwn(response: Response, tasks: readonly string[] | null): void {
  const { tasks: own } = (response.locals.tenantAdmin ?? { tasks: null }) as Pick<Caller, 'tasks'>;
  if (own === null || tasks?.every((task) => own.includes(task))) return;
  const message = `This API key may make, rotate and revoke only keys that are limited to its own tasks: ${own.join(', ')}.`;
  throw new RequestError('forbidden', message, { param: 'Authorization' });
}
