/** Made-up tenants, with their keys and usage. */
import type { ApiKey, OperationName, TenantRow } from '@holdfast/admin';
import type { Limits, Scope, TenantSettings } from '@holdfast/core';
import { ago, type FixtureRequest, list, orThrow } from './fixture-parts.ts';

const plans: { name: string; limits: Limits; tenants: number }[] = [
  {
    name: 'free',
    limits: { requests_per_minute: 60, max_queued: 1_000, max_running: 5, budget_usd: { day: 1 } },
    tenants: 0,
  },
  {
    name: 'pro',
    limits: {
      requests_per_minute: 600,
      max_queued: 10_000,
      max_running: 20,
      weight: 2,
      budget_usd: { day: 20, month: 400 },
    },
    tenants: 3,
  },
];
const planned = (plan: string | null) => plans.find(({ name }) => name === plan)?.limits ?? {};

const own: Limits = { max_running: 5, budget_usd: { day: 7, month: 110 } };

const tenants: TenantRow[] = ['acme', 'north', 'harbor', 'umbrella', 'orchard', 'default'].map((id, at) => ({
  id,
  plan: at % 2 === 0 ? (at === 4 ? 'team' : 'pro') : null,
  limits: at === 1 || at === 3 ? own : null,
  plan_status: at % 2 === 0 ? (at === 4 ? 'missing' : 'configured') : null,
  created_at: ago(86_400 * (3 + at * 11)),
  day_usd: 12.4 / (at + 1),
  month_usd: 212.3 / (at + 1),
  reserved_usd: 0.12,
  waiting: at * 3,
  running: at,
  effective_limits: at % 2 === 0 ? planned('pro') : at === 5 ? {} : own,
}));

const keys: ApiKey[] = ['q81mzk', '9fw20a', 'b7c1ty'].map((id, at) => ({
  id,
  scopes: at === 2 ? ['admin'] : ['submit', 'read'],
  tasks: at === 1 ? ['summarize', 'extract'] : null,
  bootstrap: at === 0,
  created_at: ago(90_000 * (at + 1)),
  expires_at: at === 1 ? ago(-3_000) : null,
}));
let made = 0;

const tenantOf = ({ params }: FixtureRequest) =>
  orThrow(
    tenants.find(({ id }) => id === params.tenant),
    'tenant',
  );
const keyOf = ({ params }: FixtureRequest) =>
  orThrow(
    keys.find(({ id }) => id === params.keyId),
    'key',
  );

function setTenant(request: FixtureRequest): TenantRow {
  const { plan = null, limits = null } = request.body as TenantSettings;
  const settings = { plan, limits, plan_status: plan === null ? null : ('configured' as const) };
  const changed = { ...settings, effective_limits: limits ?? planned(plan) };
  const before = tenants.find(({ id }) => id === request.params.tenant);
  if (before) return Object.assign(before, changed);
  const nothing = { day_usd: 0, month_usd: 0, reserved_usd: 0, waiting: 0, running: 0 };
  const tenant = { id: request.params.tenant ?? '', created_at: ago(0), ...nothing, ...changed };
  tenants.push(tenant);
  return tenant;
}

function addKey(scopes: Scope[], tasks: string[] | null) {
  const id = `new${++made}`;
  keys.push({ id, scopes, tasks, bootstrap: false, created_at: ago(0), expires_at: null });
  return { id, key: 'hold_example_7Yk2mQ9vT4wX1zB6nC3pR8sD5fG0hJ' };
}

function createKey({ body }: FixtureRequest) {
  const { scopes, tasks = null } = body as { scopes: Scope[]; tasks?: string[] };
  return addKey(scopes, tasks);
}

function rotateKey(request: FixtureRequest) {
  const old = keyOf(request);
  const { grace_s } = request.body as { grace_s: number };
  if (grace_s === 0) keys.splice(keys.indexOf(old), 1);
  else old.expires_at = ago(-grace_s);
  return addKey(old.scopes, old.tasks);
}

const usage = (tenant: TenantRow) => ({
  object: 'usage',
  limits: tenant.effective_limits,
  reserved_usd: tenant.reserved_usd,
  day: { starts: '2026-11-28', spent_usd: tenant.day_usd, budget_usd: 20, resets_at: ago(-20_000) },
  month: { starts: '2026-11-01', spent_usd: tenant.month_usd, budget_usd: 400, resets_at: ago(-200_000) },
  requests: { limit: 600, remaining: 512, reset_s: 12 },
  days: Array.from({ length: 28 }, (_, at) => ({
    date: new Date(Date.now() - (27 - at) * 86_400_000).toISOString().slice(0, 10),
    usd: 5 + 4 * Math.sin(at / 3),
    input_tokens: 210_000 + at * 900,
    output_tokens: 62_000 + at * 300,
    calls: 800 + at * 7,
    jobs: 760 + at * 6,
    avoided_usd: 0.4,
  })),
});

export const tenantAnswers = {
  tenants: () => list(tenants),
  tenant: tenantOf,
  setTenant,
  tenantUsage: (request) => usage(tenantOf(request)),
  keys: () => list(keys),
  createKey,
  rotateKey,
  revokeKey: (request) => void keys.splice(keys.indexOf(keyOf(request)), 1),
  plans: () => list(plans),
} satisfies Partial<Record<OperationName, (request: FixtureRequest) => unknown>>;
