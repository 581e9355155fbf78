/** Reads what each rule of alerts that is on needs. All of it is what the console's pages show. */

import type { Lane, TenantRow } from '@holdfast/admin';
import {
  type BudgetReading,
  findBudget,
  findFailureRate,
  findNoWorkers,
  findProviderDown,
  findQueueAge,
  findRedisMemory,
  type LaneReading,
  type ReadRule,
} from '@holdfast/alerts';
import type { AlertRule, Alerts } from '@holdfast/core';
import type { KnownPlans, Tenants } from '@holdfast/gate';
import { readHistory } from '@holdfast/history';
import { liveWorkers } from '@holdfast/queue';
import type { MemoryWatch, Redis } from '@holdfast/redis';
import type { ConsoleCells } from '../cells.ts';
import type { OpenLanes } from '../lanes/lane-status.ts';
import { showTenants } from '../tenants/tenant-rows.ts';

const WINDOW_MINUTES = 15;

export interface ReaderNeeds {
  redis: Redis;
  cells: ConsoleCells;
  lanes: Pick<OpenLanes, 'statuses'>;
  tenants: Pick<Tenants, 'list'>;
  knownPlans: Pick<KnownPlans, 'find'>;
  memory: Pick<MemoryWatch, 'usedShare'>;
}

export function ruleReaders(needs: ReaderNeeds, rules: Alerts['rules'], prefix: string): Map<AlertRule, ReadRule> {
  const { redis, lanes, memory } = needs;
  const { queue_age, failure_rate, budget, provider_down, redis_memory, no_workers } = rules;
  const readers = new Map<AlertRule, ReadRule>();
  if (queue_age) readers.set('queue_age', async () => findQueueAge((await lanes.statuses()).map(waitOf), queue_age));
  if (failure_rate) {
    readers.set('failure_rate', async () => findFailureRate(await readEnds(redis, prefix), failure_rate));
  }
  if (budget) readers.set('budget', async () => findBudget(await readBudgets(needs), budget));
  if (provider_down) {
    readers.set('provider_down', async () =>
      findProviderDown((await lanes.statuses()).flatMap(providersOf), provider_down),
    );
  }
  if (redis_memory) readers.set('redis_memory', async () => findRedisMemory(memory.usedShare, redis_memory));
  if (no_workers) {
    readers.set('no_workers', async () => {
      const [alive, all] = await Promise.all([liveWorkers(redis, prefix), lanes.statuses()]);
      const waiting = all.reduce((sum, { counts }) => sum + counts.waiting, 0);
      return findNoWorkers(alive.length, waiting, no_workers);
    });
  }
  return readers;
}

function waitOf({ name, oldest_wait_s }: Lane): LaneReading {
  return { name, oldestWaitS: oldest_wait_s, ended: 0, failed: 0 };
}

function providersOf({ name: lane, providers }: Lane) {
  return providers.map(({ name, open_on, workers }) => ({ lane, provider: name, openOn: open_on, workers }));
}

/** Jobs that ended in the last 15 minutes, by lane. */
async function readEnds(redis: Redis, prefix: string): Promise<LaneReading[]> {
  const { points } = await readHistory(redis, prefix, '1h');
  const sums = new Map<string, LaneReading>();
  for (const { name, completed, failed } of points.slice(-WINDOW_MINUTES).flatMap((point) => point.details().lanes)) {
    const sum = sums.get(name) ?? { name, oldestWaitS: null, ended: 0, failed: 0 };
    sums.set(name, { ...sum, ended: sum.ended + completed + failed, failed: sum.failed + failed });
  }
  return [...sums.values()];
}

async function readBudgets({ tenants, ...needs }: ReaderNeeds): Promise<BudgetReading[]> {
  return (await showTenants(needs, await tenants.list())).flatMap(budgetsOf);
}

function budgetsOf({ id: tenant, effective_limits, day_usd, month_usd, reserved_usd }: TenantRow): BudgetReading[] {
  const { day, month } = effective_limits.budget_usd ?? {};
  const readings: BudgetReading[] = [];
  if (day !== undefined) readings.push({ tenant, period: 'day', usedUsd: day_usd + reserved_usd, budgetUsd: day });
  if (month !== undefined) {
    readings.push({ tenant, period: 'month', usedUsd: month_usd + reserved_usd, budgetUsd: month });
  }
  return readings;
}
