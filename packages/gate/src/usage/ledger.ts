/**
 * The ledger: what a tenant has reserved, and what it has spent, per UTC day and calendar month.
 *
 *   submit, retry ──▶ reserved ──end of the job──▶ spent     by the cost in its record
 *                      ▲    │
 *                      └────┘ increaseReservation, before a call that may cost more
 *
 * The scripts that submit, retry, finish and cancel a job (`packages/cell`) also reserve and settle, so an ended job is always
 * counted. As long as estimates are upper bounds, spent + reserved never exceeds the budget. This file increases reservations and
 * reads the ledger. Amounts are whole billionths of a dollar.
 */
import {
  budgetArguments,
  type Cell,
  type OverBudget,
  overBudgetOf,
  type RequestsLeft,
  requestsLeft,
  scripts,
} from '@holdfast/cell';
import { type Limits, toNano, toUsd } from '@holdfast/core';
import { redisTime } from '@holdfast/redis';
import { dayOf, daysBetween, monthOf } from './periods.ts';

/** The attempt that asks for more. */
export interface RunningAttempt {
  jobId: string;
  attempt: number;
  /** The token of its claim. */
  token: string;
}

export interface LedgerReading {
  nowMs: number;
  usedRequests: number;
  resetMs: number;
  /** The tenant's `reserved`, its newest `day` and `month`, and the spend in these. */
  totals: Readonly<Record<string, string>>;
  /** The days of the range on which jobs ended, by date. */
  days: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Of a tenant, in dollars. */
export interface TenantTotals {
  /** For jobs that have not ended. */
  reservedUsd: number;
  /** In this UTC day. */
  dayUsd: number;
  /** In this calendar month. */
  monthUsd: number;
}

/** Days of a reading, YYYY-MM-DD, both included. */
export interface DayRange {
  from?: string | undefined;
  to?: string | undefined;
}

export class Ledger {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /**
   * Increases the reservation of a run to `usd` in total. Safe to repeat. Throws what the connection throws: then it may or may
   * not be increased. No effect for an attempt that was fenced off: the journal refuses its call.
   * @returns the budget that refuses it; then the reservation is reduced to `keptUsd` at most
   */
  async increaseReservation(
    { jobId, attempt, token }: RunningAttempt,
    { usd, keptUsd }: { usd: number; keptUsd: number },
    limits: Limits,
  ): Promise<OverBudget | null> {
    const args = [jobId, attempt, token, toNano(usd), toNano(keptUsd), ...budgetArguments(limits)];
    const reply = (await scripts.reserve.run(this.#cell, args)) as (string | number)[];
    return reply[0] === 'reserved' || reply[0] === 'fenced' ? null : overBudgetOf(reply);
  }

  /** Reads the requests of the last minute, and counts none. @returns null where they are not limited */
  async requestsLeft(tenant: string, limits: Limits): Promise<RequestsLeft | null> {
    if (limits.requests_per_minute === undefined) return null;
    const [, used, resetMs] = (await scripts.readRequests.run(this.#cell, [tenant])) as [string, number, number];
    return requestsLeft(limits, used, resetMs);
  }

  /** What each of these tenants has spent and reserved, in a few round trips, however many there are. */
  async totals(tenants: readonly string[]): Promise<TenantTotals[]> {
    const { redis, keys } = this.#cell;
    const nowMs = await redisTime(redis);
    const stored = await Promise.all(
      tenants.map((tenant) => redis.hmget(keys.tenant(tenant), 'reserved', 'day', 'day_usd', 'month', 'month_usd')),
    );
    return stored.map(([reserved, day, dayNano, month, monthNano]) => ({
      reservedUsd: toUsd(Number(reserved ?? 0)),
      dayUsd: day === dayOf(nowMs) ? toUsd(Number(dayNano ?? 0)) : 0,
      monthUsd: month === monthOf(nowMs) ? toUsd(Number(monthNano ?? 0)) : 0,
    }));
  }

  /** @param range default: today, by Redis' clock */
  async read(tenant: string, range: DayRange = {}): Promise<LedgerReading> {
    const { redis, keys } = this.#cell;
    const [reply, totals] = await Promise.all([
      scripts.readRequests.run(this.#cell, [tenant]),
      redis.hgetall(keys.tenant(tenant)),
    ]);
    const [now, usedRequests, resetMs] = reply as [string, number, number];
    const nowMs = Number(now);
    const { from = dayOf(nowMs), to = dayOf(nowMs) } = range;
    const dates = daysBetween(from, to, nowMs);
    const days = await Promise.all(dates.map((date) => redis.hgetall(keys.day(tenant, date))));
    const withJobs = dates.flatMap((date, at): [string, Record<string, string>][] => {
      const day = days[at];
      return day?.jobs ? [[date, day]] : [];
    });
    return { nowMs, usedRequests, resetMs, totals, days: new Map(withJobs) };
  }
}
