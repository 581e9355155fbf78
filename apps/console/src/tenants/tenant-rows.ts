/** Tenants as admins see them in a list: with plan, limits in force, spend and jobs. Bounded reads, however many tenants there are. */
import type { TenantRow } from '@holdfast/admin';
import type { Limits } from '@holdfast/core';
import type { KnownPlans, Tenant, TenantTotals } from '@holdfast/gate';
import type { ConsoleCells } from '../cells.ts';

interface RowNeeds {
  knownPlans: Pick<KnownPlans, 'find'>;
  cells: ConsoleCells;
}

export async function showTenants({ knownPlans, cells }: RowNeeds, tenants: readonly Tenant[]): Promise<TenantRow[]> {
  const names = [...new Set(tenants.flatMap(({ plan }) => plan ?? []))];
  const [plans, spent, jobs] = await Promise.all([
    Promise.all(names.map(async (name) => [name, await knownPlans.find(name)] as const)).then(
      (found) => new Map(found),
    ),
    readSpend(cells, tenants),
    readJobs(cells),
  ]);
  return tenants.map((tenant) => {
    const plan = tenant.plan === null ? null : (plans.get(tenant.plan) ?? null);
    const limits: Limits = plan?.limits ?? tenant.limits ?? {};
    const spend = spent.get(tenant.id);
    return {
      ...tenant,
      plan_status: plan?.status ?? null,
      day_usd: spend?.dayUsd ?? 0,
      month_usd: spend?.monthUsd ?? 0,
      reserved_usd: spend?.reservedUsd ?? 0,
      waiting: jobs.waiting.get(tenant.id) ?? 0,
      running: jobs.running.get(tenant.id) ?? 0,
      effective_limits: limits,
    };
  });
}

/** What each tenant has spent, by its id. */
async function readSpend(cells: ConsoleCells, tenants: readonly Tenant[]): Promise<Map<string, TenantTotals>> {
  const byLedger = Map.groupBy(
    tenants.map(({ id }) => id),
    (id) => cells.of(id).ledger,
  );
  const read = [...byLedger].map(async ([ledger, ids]) => {
    const totals = await ledger.totals(ids);
    return ids.flatMap((id, at): [string, TenantTotals][] => (totals[at] ? [[id, totals[at]]] : []));
  });
  return new Map((await Promise.all(read)).flat());
}

/** Jobs that wait or run, by tenant. A tenant is in one cell only. */
async function readJobs(cells: ConsoleCells): Promise<Record<'waiting' | 'running', Map<string, number>>> {
  const counts = await Promise.all(cells.all.map(({ queue }) => queue.scheduler.countsByTenant()));
  const merged = (of: 'waiting' | 'running') => new Map(counts.flatMap((one) => [...one[of]]));
  return { waiting: merged('waiting'), running: merged('running') };
}
