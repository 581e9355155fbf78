/**
 * API keys of tenants through the admin API. A new key is in its answer, and is never shown again; a revoked one stops working
 * everywhere within 5 s.
 */
import { RequestError } from '@holdfast/core';
import type { ApiKey, ApiKeys, Tenants } from '@holdfast/gate';
import type { ServiceLogger } from '@holdfast/service';
import type { Handlers } from '../api/handler.ts';
import { requireNoMoreThanOwn } from './tenant-admin.ts';
import { requireTenant } from './tenant-handlers.ts';

export interface KeyHandlersNeeds {
  tenants: Pick<Tenants, 'get'>;
  apiKeys: ApiKeys;
  /** Names of all tasks. */
  tasks: readonly string[];
  logger: ServiceLogger;
}

type Names = 'keys' | 'createKey' | 'rotateKey' | 'revokeKey';

export function keyHandlers({ tenants, apiKeys, tasks, logger }: KeyHandlersNeeds): Handlers<Names> {
  return {
    keys: async ({ params }) => {
      const { id } = await requireTenant(tenants, params.tenant);
      return { object: 'list', data: await apiKeys.list(id) };
    },
    createKey: async ({ params, body, actor, note }) => {
      const { id: tenant } = await requireTenant(tenants, params.tenant);
      requireTasks(tasks, body.tasks ?? null);
      requireNoMoreThanOwn(actor, body.tasks ?? null);
      const made = await apiKeys.create(tenant, body);
      note({ target: made.id });
      logger.info({ tenant, keyId: made.id }, 'API key created');
      return made;
    },
    rotateKey: async ({ params: { tenant, keyId }, body: { grace_s: graceS }, actor, note }) => {
      const before = await requireKey(apiKeys, tenant, keyId);
      requireNoMoreThanOwn(actor, before.tasks);
      requireTasks(tasks, before.tasks);
      const made = await apiKeys.rotate(tenant, keyId, graceS);
      if (!made) throw noSuchKey();
      note({ details: { new_key: made.id } });
      logger.info({ tenant, keyId, newKeyId: made.id, graceS }, 'API key rotated');
      return made;
    },
    revokeKey: async ({ params: { tenant, keyId }, actor }) => {
      requireNoMoreThanOwn(actor, (await requireKey(apiKeys, tenant, keyId)).tasks);
      if (!(await apiKeys.revoke(tenant, keyId))) throw noSuchKey();
      logger.info({ tenant, keyId }, 'API key revoked');
    },
  };
}

async function requireKey(apiKeys: ApiKeys, tenant: string, keyId: string): Promise<ApiKey> {
  const found = (await apiKeys.list(tenant)).find(({ id }) => id === keyId);
  if (!found) throw noSuchKey();
  return found;
}

/** A key for a task that doesn't exist, perhaps because of a typo, would look fine and be useless. */
function requireTasks(known: readonly string[], wanted: readonly string[] | null): void {
  const at = wanted?.findIndex((name) => !known.includes(name)) ?? -1;
  if (at === -1) return;
  const path = `tasks.${at}`;
  const message = `${path}: there is no task "${wanted?.[at]}". Tasks: ${known.join(', ')}.`;
  throw new RequestError('validation_failed', message, { issues: [{ path, message }] });
}

function noSuchKey(): RequestError {
  return new RequestError(
    'key_not_found',
    'This tenant has no such key. List its keys: GET /admin/v1/tenants/{tenant}/keys.',
  );
}
