/** Tenants: the owners of API keys, and their limits. This file stores them, and enforces nothing. */
import { type Limits, RequestError, type TenantSettings } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { gateKeys } from '../keys.ts';
import type { PlanStatus } from './known-plans.ts';

const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export interface Tenant {
  id: string;
  /** Name of its plan; null: none. */
  plan: string | null;
  /** Its own limits; null: those of its plan, or none. */
  limits: Limits | null;
  /** ISO 8601 UTC. */
  created_at: string;
}

/** A tenant as admins see it. */
export interface ShownTenant extends Tenant {
  /** The state of its plan; null: it has no plan. */
  plan_status: PlanStatus | null;
}

export interface Tenants {
  /** Creates the tenant, or replaces its settings whole. Throws RequestError `validation_failed` for a bad id. */
  put(id: string, settings: TenantSettings): Promise<Tenant>;
  get(id: string): Promise<Tenant | null>;
  /** All of them, by id. */
  list(): Promise<Tenant[]>;
}

export function isTenantId(text: string): boolean {
  return TENANT_ID.test(text);
}

/** @throws RequestError `validation_failed` */
export function requireTenantId(text: string): void {
  if (isTenantId(text)) return;
  throw new RequestError(
    'validation_failed',
    'tenant: expected 1 to 63 lower-case letters, digits, "-" and "_", starting with a letter or digit',
    { param: 'tenant' },
  );
}

/** The stored form of a tenant. */
export function tenantRecord(settings: TenantSettings, createdAt: string): string {
  const { plan = null, limits = null } = settings;
  return JSON.stringify({ plan, limits, created_at: createdAt } satisfies Omit<Tenant, 'id'>);
}

function readTenant(id: string, record: string): Tenant {
  return { id, ...(JSON.parse(record) as Omit<Tenant, 'id'>) };
}

export function createTenants({ redis, prefix }: { redis: Redis; prefix: string }): Tenants {
  const { tenants } = gateKeys(prefix);

  async function get(id: string): Promise<Tenant | null> {
    if (!isTenantId(id)) return null;
    const record = await redis.hget(tenants, id);
    return record === null ? null : readTenant(id, record);
  }

  return {
    get,
    async put(id, settings) {
      requireTenantId(id);
      const known = await get(id);
      const record = tenantRecord(settings, known?.created_at ?? new Date().toISOString());
      await redis.hset(tenants, id, record);
      return readTenant(id, record);
    },
    async list() {
      const all = Object.entries(await redis.hgetall(tenants));
      return all.map(([id, record]) => readTenant(id, record)).sort((a, b) => (a.id < b.id ? -1 : 1));
    },
  };
}
