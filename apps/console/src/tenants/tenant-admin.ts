/**
 * A tenant's own admin: an actor whose API key has the scope `admin`. A key that is limited to some tasks may make, rotate and
 * revoke only keys with the same limit or a narrower one. Otherwise it could get around its limit, or revoke keys outside of it.
 */
import { RequestError } from '@holdfast/core';
import type { Actor } from '../access/actor.ts';

/** @param tasks the tasks to which a key is or will be limited; null: no limit. @throws RequestError `forbidden` */
export function requireNoMoreThanOwn({ tenantKey }: Actor, tasks: readonly string[] | null): void {
  const own = tenantKey?.tasks ?? null;
  if (own === null || tasks?.every((task) => own.includes(task))) return;
  const message = `This API key may make, rotate and revoke only keys that are limited to its own tasks: ${own.join(', ')}.`;
  throw new RequestError('forbidden', message, { param: 'Authorization' });
}
