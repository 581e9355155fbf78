/** Tenants through the admin API, with what they have spent, and the plans of the config file. */
import { type Plans, RequestError, type TenantSettings } from '@holdfast/core';
import { type KnownPlans, reportUsage, type Tenant, type Tenants } from '@holdfast/gate';
import type { ServiceLogger } from '@holdfast/service';
import type { Handlers } from '../api/handler.ts';
import type { ConsoleCells } from '../cells.ts';
import type { OpenLanes } from '../lanes/lane-status.ts';
import { showTenants } from './tenant-rows.ts';

export interface TenantHandlersNeeds {
  tenants: Tenants;
  /** The plans of the config file. */
  plans: Plans;
  knownPlans: KnownPlans;
  cells: ConsoleCells;
  lanes: Pick<OpenLanes, 'setTenantLimits'>;
  logger: ServiceLogger;
}

type Names = 'tenants' | 'tenant' | 'setTenant' | 'tenantUsage' | 'plans';

export function tenantHandlers(needs: TenantHandlersNeeds): Handlers<Names> {
  const { tenants, plans, knownPlans, cells, lanes, logger } = needs;
  const rowOf = async (tenant: Tenant) => {
    const [row] = await showTenants(needs, [tenant]);
    if (!row) throw noSuchTenant();
    return row;
  };
  return {
    tenants: async () => ({ object: 'list', data: await showTenants(needs, await tenants.list()) }),
    tenant: async ({ params }) => rowOf(await requireTenant(tenants, params.tenant)),
    setTenant: async ({ params, body }) => {
      requirePlan(plans, body);
      const tenant = await tenants.put(params.tenant, body);
      const limits = tenant.plan ? plans[tenant.plan] : tenant.limits;
      await lanes.setTenantLimits(tenant.id, limits ?? {});
      logger.info({ tenant: tenant.id }, 'tenant set');
      const plan_status = tenant.plan === null ? null : (await knownPlans.find(tenant.plan)).status;
      return { ...tenant, plan_status };
    },
    tenantUsage: async ({ params, query }) => {
      const { id } = await requireTenant(tenants, params.tenant);
      const { effective_limits: limits } = await rowOf(await requireTenant(tenants, id));
      return reportUsage(cells.of(id).ledger, id, limits, query);
    },
    plans: async () => {
      const all = await tenants.list();
      const data = Object.entries(plans).map(([name, limits]) => ({
        name,
        limits,
        tenants: all.filter(({ plan }) => plan === name).length,
      }));
      return { object: 'list', data };
    },
  };
}

function requirePlan(plans: Plans, { plan }: TenantSettings): void {
  if (plan === undefined || Object.hasOwn(plans, plan)) return;
  const names = Object.keys(plans);
  const known = names.length > 0 ? `Plans: ${names.join(', ')}.` : 'It has none.';
  const message = `plan: the config file has no plan "${plan}". ${known}`;
  throw new RequestError('validation_failed', message, { issues: [{ path: 'plan', message }] });
}

function noSuchTenant(): RequestError {
  return new RequestError(
    'tenant_not_found',
    'There is no such tenant. Create it first: PUT /admin/v1/tenants/{tenant}.',
  );
}

/** @throws RequestError `tenant_not_found` */
export async function requireTenant(tenants: Pick<Tenants, 'get'>, id: string): Promise<Tenant> {
  const tenant = await tenants.get(id);
  if (tenant === null) throw noSuchTenant();
  return tenant;
}
