/**
 * Tenants and their keys:
 *
 *   GET    /tenants                      GET   /tenants/{id}/keys
 *   GET    /tenants/{id}                 POST  /tenants/{id}/keys            the key is in this answer, and never again
 *   PUT    /tenants/{id}                 DELETE /tenants/{id}/keys/{keyId}   obeyed everywhere within 5 s
 */
import { type Plans, RequestError } from '@holdfast/core';
import { type ApiKeys, keyRequestSchema, type Tenant, type Tenants, tenantSettingsSchema } from '@holdfast/gate';
import { Router, readBodyAs, type ServiceLogger } from '@holdfast/service';
import { allowOnly } from './allow-only.ts';
import type { OpenLanes } from './lane-status.ts';

export interface TenantRoutesOptions {
  tenants: Tenants;
  apiKeys: ApiKeys;
  lanes: Pick<OpenLanes, 'setTenantLimits'>;
  plans: Plans;
  logger: ServiceLogger;
}

export function tenantRoutes({ tenants, apiKeys, lanes, plans, logger }: TenantRoutesOptions): Router {
  const router = Router();

  router
    .route('/tenants')
    .get(async (_request, response) => {
      response.json({ object: 'list', data: await tenants.list() });
    })
    .all(allowOnly('GET'));

  router
    .route('/tenants/:tenant')
    .get(async (request, response) => {
      response.json(await requireTenant(tenants, request.params.tenant));
    })
    .put(async (request, response) => {
      const tenant = await tenants.put(request.params.tenant, await readBodyAs(request, tenantSettingsSchema));
      const limits = tenant.plan ? plans[tenant.plan] : tenant.limits;
      await lanes.setTenantLimits(tenant.id, limits ?? {});
      logger.info({ tenant: tenant.id }, 'tenant set');
      response.json(tenant);
    })
    .all(allowOnly('GET', 'PUT'));

  router
    .route('/tenants/:tenant/keys')
    .get(async (request, response) => {
      const { id } = await requireTenant(tenants, request.params.tenant);
      response.json({ object: 'list', data: await apiKeys.list(id) });
    })
    .post(async (request, response) => {
      const { id: tenant } = await requireTenant(tenants, request.params.tenant);
      const made = await apiKeys.create(tenant, await readBodyAs(request, keyRequestSchema));
      logger.info({ tenant, keyId: made.id }, 'API key made');
      response.status(201).json(made);
    })
    .all(allowOnly('GET', 'POST'));

  router
    .route('/tenants/:tenant/keys/:keyId')
    .delete(async (request, response) => {
      const { tenant, keyId } = request.params;
      if (!(await apiKeys.revoke(tenant, keyId))) {
        throw new RequestError('key_not_found', 'This tenant has no such key.');
      }
      logger.info({ tenant, keyId }, 'API key revoked');
      response.status(204).end();
    })
    .all(allowOnly('DELETE'));

  return router;
}

async function requireTenant(tenants: Tenants, id: string): Promise<Tenant> {
  const tenant = await tenants.get(id);
  if (tenant === null) throw new RequestError('tenant_not_found', 'There is no such tenant: PUT it first.');
  return tenant;
}
