/** Opens the limits of tenants. Stores the plans of the config file, and logs which tenants have a plan that the file lacks. */
import type { Plans } from '@holdfast/core';
import {
  createKnownPlans,
  createTenantLimits,
  createTenants,
  type LimitsOfAdmitted,
  type TenantLimits,
} from '@holdfast/gate';
import type { Redis } from '@holdfast/redis';
import type { ServiceLogger } from '@holdfast/service';

/** How many tenants of a plan are named in the log. */
const MAX_NAMED = 100;

interface OpenLimitsOptions {
  redis: Redis;
  prefix: string;
  plans: Plans;
  logger: ServiceLogger;
}

export async function openLimits(options: OpenLimitsOptions): Promise<TenantLimits & LimitsOfAdmitted> {
  const tenants = createTenants(options);
  const plans = createKnownPlans(options);
  await plans.store();
  const byPlan = Map.groupBy(await tenants.list(), ({ plan }) => plan);
  for (const [plan, own] of byPlan) {
    const status = plan === null ? 'configured' : (await plans.find(plan)).status;
    if (status === 'configured') continue;
    const named = own.slice(0, MAX_NAMED).map(({ id }) => id);
    options.logger.error(
      { plan, status, count: own.length, tenants: named },
      'tenants have a plan that the config file lacks',
    );
  }
  return createTenantLimits({ tenants, plans, logger: options.logger });
}
