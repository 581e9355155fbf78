/**
 * What limits a tenant has: its own, or its plan's, or none. Remembered in this process for up to 3 s.
 *
 * On a plan that the config file lacks it has the plan's last known limits. Where nobody knows these, nothing new of it is
 * admitted, and what was admitted goes on.
 */
import { type Limits, type Logger, RequestError } from '@holdfast/core';
import { LookupCache } from '../api-keys/lookup-cache.ts';
import type { Tenants } from '../tenants.ts';
import type { KnownPlans } from './known-plans.ts';

const FOR_MS = 3_000;
const MAX_CACHED = 10_000;
/** An admin has to mend it: there is no hurry. */
const UNKNOWN_RETRY_MS = 60_000;
const noLimits: Limits = Object.freeze({});

/** `limits` null: its plan is one that nobody knows. */
type Found = { limits: Limits } | { limits: null; plan: string };

export interface TenantLimits {
  /** @throws RequestError `plan_unknown`; what the connection throws */
  of(tenant: string): Promise<Limits>;
}

/** For what was admitted before, which goes on. */
export interface LimitsOfAdmitted {
  /** null: nobody knows its plan. Throws what the connection throws. */
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
  const cache = new LookupCache<Found>({ hitMs: FOR_MS, missMs: FOR_MS, maxEntries: MAX_CACHED, now });
  const said = new Set<string>();

  /** Once for each tenant: a look-up comes every few seconds. */
  function sayMissing(fields: { tenant: string; plan: string; status: string }): void {
    const name = `${fields.tenant} ${fields.plan} ${fields.status}`;
    if (said.has(name) || said.size >= MAX_CACHED) return;
    said.add(name);
    logger.error(fields, 'the config file has no such plan: its last known limits count, if there are any');
  }

  async function lookUp(id: string): Promise<Found> {
    const tenant = await tenants.get(id);
    if (!tenant?.plan) return { limits: tenant?.limits ?? noLimits };
    const { plan } = tenant;
    // Setting a tenant checks the plan: it has gone from the config file since, or this process has another file.
    const { status, limits } = await plans.find(plan);
    if (status !== 'configured') sayMissing({ tenant: id, plan, status });
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
    `This tenant is on the plan "${plan}", which the config file doesn't have and whose limits nobody knows. ` +
      'Until an admin puts it on another, or the plan back, no job of it is admitted.',
    { retryable: true, retryAfterMs: UNKNOWN_RETRY_MS },
  );
}
