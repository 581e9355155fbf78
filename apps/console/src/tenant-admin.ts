/**
 * A tenant's own admin: who came with an API key of the scope `admin`. It may give others no more than it has: were it
 * limited to some tasks, a key without that limit, made or rotated by it, would be a way around.
 */
import { type Caller, RequestError } from '@holdfast/core';
import type { Response } from '@holdfast/service';

export function rememberTenantAdmin(response: Response, caller: Caller): void {
  response.locals.tenantAdmin = caller;
}

/** @param tasks that a key is to be limited to; null: to none. @throws RequestError `forbidden` */
export function requireMayGive(response: Response, tasks: readonly string[] | null): void {
  const { tasks: own } = (response.locals.tenantAdmin ?? { tasks: null }) as Pick<Caller, 'tasks'>;
  if (own === null || tasks?.every((task) => own.includes(task))) return;
  throw new RequestError('forbidden', `This API key may give others only what it has: the tasks ${own.join(', ')}.`, {
    param: 'tasks',
  });
}
