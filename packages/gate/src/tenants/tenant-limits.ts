/**
 * The limits of a tenant: its own, or those of its plan, or none. Cached in this process for up to 3 s.
 *
 * Where the config file lacks the tenant's plan, the last known limits of the plan apply. If there are none, no new job of the
 * tenant is admitted, and admitted jobs go on.
 */
import { type Limits, type Logger, RequestError } from '@holdfast/core';
import { LookupCache } from '../lookup-cache.ts';
import type { KnownPlans } from './known-plans.ts';
import type { Tenants } from './tenants.ts';

const CACHE_MS = 3_000;
const MAX_CACHED = 10_000;
/** Long, because an admin has to repair it first. */
const UNKNOWN_RETRY_MS = 60_000;
const noLimits: Limits = Object.freeze({});

/** `limits` null: the plan is unknown. */
type Found = { limits: Limits } | { limits: null; plan: string };

export interface TenantLimits {
  /** @throws RequestError `plan_unknown`; what the connection throws */
  of(tenant: string): Promise<Limits>;
}

/** For jobs that were admitted before, which go on. */
export interface LimitsOfAdmitted {
  /** null: the plan is unknown. Throws what the connection throws. */
  ifKnown(tenant: string): Promise<Limits | null>;
}

interface TenantLimitsOptions {
  tenants: Pick<Tenants, 'get'>;
  plans: Pick<KnownPlans, 'find'>;
  logger: Logger;
  /** A clock that never goes back, in ms. */
  now?: () => number;
}

export function createTenantLimits(options: TenantLimitsOptions): TenantLimits & LimitsOfAdmitted {
  const { tenants, plans, logger, now = () => performance.now() } = options;
  const cache = new LookupCache<Found>({ hitMs: CACHE_MS, missMs: CACHE_MS, maxEntries: MAX_CACHED, now });
  const logged = new Set<string>();

  /** Once for each tenant: it is looked up every few seconds. */
  function logMissing(fields: { tenant: string; plan: string; status: string }): void {
    const name = `${fields.tenant} ${fields.plan} ${fields.status}`;
    if (logged.has(name) || logged.size >= MAX_CACHED) return;
    logged.add(name);
    logger.error(
      fields,
      'the config file lacks the plan of this tenant: its last known limits apply, if there are any',
    );
  }

  async function lookUp(id: string): Promise<Found> {
    const tenant = await tenants.get(id);
    if (!tenant?.plan) return { limits: tenant?.limits ?? noLimits };
    const { plan } = tenant;
    // A tenant is only put on a plan that exists. So it was removed since, or this process has another config file.
    const { status, limits } = await plans.find(plan);
    if (status !== 'configured') logMissing({ tenant: id, plan, status });
    return limits ? { limits } : { limits, plan };
  }

  const find = async (tenant: string) => (await cache.get(tenant, () => lookUp(tenant))) ?? { limits: noLimits };

  return {
    async of(tenant) {
      const found = await find(tenant);
      if (found.limits === null) throw planUnknown(found.plan);
      return found.limits;
    },
    ifKnown: async (tenant) => (await find(tenant)).limits,
  };
}

function planUnknown(plan: string): RequestError {
  return new RequestError(
    'plan_unknown',
    `This tenant is on the plan "${plan}", which the config file lacks and whose limits are not known. No job is admitted ` +
      'until an admin puts the tenant on another plan, or the plan back into the config file.',
    { retryable: true, retryAfterMs: UNKNOWN_RETRY_MS },
  );
}
