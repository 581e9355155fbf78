/** What limits a tenant has: its own, or its plan's, or none. Remembered in this process for up to 3 s. */
import type { Limits, Logger, Plans } from '@holdfast/core';
import { LookupCache } from './lookup-cache.ts';
import type { Tenants } from './tenants.ts';

const FOR_MS = 3_000;
const MAX_CACHED = 10_000;
const noLimits: Limits = Object.freeze({});

export interface TenantLimits {
  /** Throws what the connection throws. */
  of(tenant: string): Promise<Limits>;
}

interface TenantLimitsOptions {
  tenants: Pick<Tenants, 'get'>;
  plans: Plans;
  logger: Logger;
  /** A clock that never goes back, in ms. */
  now?: () => number;
}

export function createTenantLimits(options: TenantLimitsOptions): TenantLimits {
  const { tenants, plans, logger, now = () => performance.now() } = options;
  const cache = new LookupCache<Limits>({ hitMs: FOR_MS, missMs: FOR_MS, maxEntries: MAX_CACHED, now });

  async function lookUp(id: string): Promise<Limits> {
    const tenant = await tenants.get(id);
    if (!tenant?.plan) return tenant?.limits ?? noLimits;
    const limits = plans[tenant.plan];
    // Setting a tenant checks the plan: it has gone from the config file since, or this process has another file.
    if (!limits) logger.error({ tenant: id, plan: tenant.plan }, 'the config file has no such plan: no limits apply');
    return limits ?? noLimits;
  }

  return { of: async (tenant) => (await cache.get(tenant, () => lookUp(tenant))) ?? noLimits };
}
