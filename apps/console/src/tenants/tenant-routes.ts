/**
 * Tenants and their keys:
 *
 *   GET    /tenants                      GET   /tenants/{id}/keys
 *   GET    /tenants/{id}                 POST  /tenants/{id}/keys            the key is in this answer, and is never shown again
 *   PUT    /tenants/{id}                 DELETE /tenants/{id}/keys/{keyId}   takes effect everywhere within 5 s
 *                                        POST  /tenants/{id}/keys/{keyId}/rotate   a new key like the old one, which works for `grace_s` more seconds
 */
import {
  keyRequestSchema,
  type Plans,
  RequestError,
  rotationSchema,
  type TenantSettings,
  tenantSettingsSchema,
} from '@holdfast/core';
import type { ApiKey, ApiKeys, KnownPlans, ShownTenant, Tenant, Tenants } from '@holdfast/gate';
import { Router, readBodyAs, type ServiceLogger } from '@holdfast/service';
import { allowOnly } from '../allow-only.ts';
import type { OpenLanes } from '../lanes/lane-status.ts';
import { requireNoMoreThanOwn } from './tenant-admin.ts';

export interface TenantRoutesOptions {
  tenants: Tenants;
  /** The plans of the config file. */
  plans: Plans;
  knownPlans: KnownPlans;
  apiKeys: ApiKeys;
  /** Names of all tasks. */
  tasks: readonly string[];
  lanes: Pick<OpenLanes, 'setTenantLimits'>;
  logger: ServiceLogger;
}

export function tenantRoutes(options: TenantRoutesOptions): Router {
  const router = Router();
  addTenants(router, options);
  addKeys(router, options);
  return router;
}

function addTenants(router: Router, { tenants, plans, knownPlans, lanes, logger }: TenantRoutesOptions): void {
  const show = async (tenant: Tenant): Promise<ShownTenant> => {
    const plan_status = tenant.plan === null ? null : (await knownPlans.find(tenant.plan)).status;
    return { ...tenant, plan_status };
  };

  router
    .route('/tenants')
    .get(async (_request, response) => {
      response.json({ object: 'list', data: await Promise.all((await tenants.list()).map(show)) });
    })
    .all(allowOnly('GET'));

  router
    .route('/tenants/:tenant')
    .get(async (request, response) => {
      response.json(await show(await requireTenant(tenants, request.params.tenant)));
    })
    .put(async (request, response) => {
      const settings = await readBodyAs(request, tenantSettingsSchema);
      requirePlan(plans, settings);
      const tenant = await tenants.put(request.params.tenant, settings);
      const limits = tenant.plan ? plans[tenant.plan] : tenant.limits;
      await lanes.setTenantLimits(tenant.id, limits ?? {});
      logger.info({ tenant: tenant.id }, 'tenant set');
      response.json(await show(tenant));
    })
    .all(allowOnly('GET', 'PUT'));
}

function addKeys(router: Router, { tenants, tasks, apiKeys, logger }: TenantRoutesOptions): void {
  router
    .route('/tenants/:tenant/keys')
    .get(async (request, response) => {
      const { id } = await requireTenant(tenants, request.params.tenant);
      response.json({ object: 'list', data: await apiKeys.list(id) });
    })
    .post(async (request, response) => {
      const { id: tenant } = await requireTenant(tenants, request.params.tenant);
      const wanted = await readBodyAs(request, keyRequestSchema);
      requireTasks(tasks, wanted.tasks ?? null);
      requireNoMoreThanOwn(response, wanted.tasks ?? null);
      const made = await apiKeys.create(tenant, wanted);
      logger.info({ tenant, keyId: made.id }, 'API key created');
      response.status(201).json(made);
    })
    .all(allowOnly('GET', 'POST'));

  router
    .route('/tenants/:tenant/keys/:keyId')
    .delete(async (request, response) => {
      const { tenant, keyId } = request.params;
      requireNoMoreThanOwn(response, (await requireKey(apiKeys, tenant, keyId)).tasks);
      if (!(await apiKeys.revoke(tenant, keyId))) throw noSuchKey();
      logger.info({ tenant, keyId }, 'API key revoked');
      response.status(204).end();
    })
    .all(allowOnly('DELETE'));

  router
    .route('/tenants/:tenant/keys/:keyId/rotate')
    .post(async (request, response) => {
      const { tenant, keyId } = request.params;
      const { grace_s: graceS } = await readBodyAs(request, rotationSchema);
      const before = await requireKey(apiKeys, tenant, keyId);
      requireNoMoreThanOwn(response, before.tasks);
      requireTasks(tasks, before.tasks);
      const made = await apiKeys.rotate(tenant, keyId, graceS);
      if (!made) throw noSuchKey();
      logger.info({ tenant, keyId, newKeyId: made.id, graceS }, 'API key rotated');
      response.status(201).json(made);
    })
    .all(allowOnly('POST'));
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

function requirePlan(plans: Plans, { plan }: TenantSettings): void {
  if (plan === undefined || Object.hasOwn(plans, plan)) return;
  const names = Object.keys(plans);
  const known = names.length > 0 ? `Plans: ${names.join(', ')}.` : 'It has none.';
  const message = `plan: the config file has no plan "${plan}". ${known}`;
  throw new RequestError('validation_failed', message, { issues: [{ path: 'plan', message }] });
}

async function requireTenant(tenants: Tenants, id: string): Promise<Tenant> {
  const tenant = await tenants.get(id);
  if (tenant === null)
    throw new RequestError(
      'tenant_not_found',
      'There is no such tenant. Create it first: PUT /admin/v1/tenants/{tenant}.',
    );
  return tenant;
}
