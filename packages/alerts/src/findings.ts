/** What each rule finds in what was read. Pure. Numbers are shown as people say them: `12 min`, `93 %`. */
import type { Alerts } from '@holdfast/core';
import type { Finding } from './evaluate.ts';

type Rule<Name extends keyof Alerts['rules']> = NonNullable<Alerts['rules'][Name]>;

export interface LaneReading {
  name: string;
  /** null: nothing waits. */
  oldestWaitS: number | null;
  /** Jobs that ended lately, failed ones included. */
  ended: number;
  failed: number;
}

export interface BudgetReading {
  tenant: string;
  period: 'day' | 'month';
  /** Spent and reserved, in US dollars. */
  usedUsd: number;
  budgetUsd: number;
}

export interface ProviderReading {
  lane: string;
  provider: string;
  /** Workers that serve the lane, and those of them whose breaker is open. */
  workers: number;
  openOn: number;
}

export function findQueueAge(lanes: readonly LaneReading[], { above_s: limit, for_s }: Rule<'queue_age'>): Finding[] {
  return lanes.map(({ name, oldestWaitS }) => {
    const value = oldestWaitS ?? 0;
    const summary = `The oldest job in lane ${name} has waited for ${duration(value)}.`;
    return { rule: 'queue_age', subject: name, isOver: value > limit, value, limit, forMs: for_s * 1_000, summary };
  });
}

export function findFailureRate(lanes: readonly LaneReading[], rule: Rule<'failure_rate'>): Finding[] {
  return lanes.map(({ name, ended, failed }) => {
    const value = ended === 0 ? 0 : failed / ended;
    const summary = `${failed} of the ${ended} jobs of lane ${name} that ended in the last 15 minutes have failed (${percent(value)}).`;
    const isOver = ended >= rule.min_jobs && value > rule.above;
    return {
      rule: 'failure_rate',
      subject: name,
      isOver,
      value,
      limit: rule.above,
      forMs: rule.for_s * 1_000,
      summary,
    };
  });
}

export function findBudget(budgets: readonly BudgetReading[], { above: limit }: Rule<'budget'>): Finding[] {
  return budgets.map(({ tenant, period, usedUsd, budgetUsd }) => {
    // A budget of 0 admits nothing, and is used up from the beginning: that is no news.
    const value = budgetUsd === 0 ? 0 : usedUsd / budgetUsd;
    const summary = `Tenant ${tenant} has used ${percent(value)} of its budget of the ${period} ($${usedUsd.toFixed(2)} of $${budgetUsd.toFixed(2)}).`;
    return { rule: 'budget', subject: `${tenant} ${period}`, isOver: value > limit, value, limit, forMs: 0, summary };
  });
}

export function findProviderDown(providers: readonly ProviderReading[], { for_s }: Rule<'provider_down'>): Finding[] {
  return providers.map(({ lane, provider, workers, openOn }) => {
    const summary = `The breaker of provider ${provider} in lane ${lane} is open on ${openOn} of ${workers} workers.`;
    const isOver = workers > 0 && openOn === workers;
    const subject = `${lane}/${provider}`;
    return { rule: 'provider_down', subject, isOver, value: openOn, limit: workers, forMs: for_s * 1_000, summary };
  });
}

/** @param usedShare of `maxmemory`; 0 where there is no limit */
export function findRedisMemory(usedShare: number, { above: limit, for_s }: Rule<'redis_memory'>): Finding[] {
  const summary = `Redis uses ${percent(usedShare)} of its maxmemory; from 90 % on new jobs are refused.`;
  const isOver = usedShare > limit;
  return [{ rule: 'redis_memory', subject: 'redis', isOver, value: usedShare, limit, forMs: for_s * 1_000, summary }];
}

export function findNoWorkers(workers: number, waiting: number, { for_s }: Rule<'no_workers'>): Finding[] {
  const summary = workers === 0 ? `No worker is alive, and ${waiting} jobs wait.` : `${workers} workers are alive.`;
  const isOver = workers === 0 && waiting > 0;
  return [{ rule: 'no_workers', subject: 'workers', isOver, value: workers, limit: 1, forMs: for_s * 1_000, summary }];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
