/**
 * The ledger: what a tenant has reserved, and what it has spent, per UTC day and calendar month.
 *
 *   submit, retry ──▶ reserved ──end of the job──▶ spent     by what its record says it has cost
 *                      ▲    │
 *                      └────┘ increaseReservation, before a call that may cost more
 *
 * Reserving, ending and spending are parts of the scripts that submit, retry, finish and cancel a job (`packages/cell`); so there
 * is no moment at which a job has ended and is not counted. At any time spent + reserved is at most the budget, as long as
 * estimates are upper bounds. This file holds what is asked besides. Amounts are whole billionths of a dollar.
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
import { type Limits, toNano } from '@holdfast/core';
import { dayOf, daysBetween } from './periods.ts';

/** Who asks for more: an attempt that may still write. */
export interface RunningAttempt {
  jobId: string;
  attempt: number;
  /** Of its claim. */
  token: string;
}

export interface LedgerReading {
  nowMs: number;
  usedRequests: number;
  resetMs: number;
  /** Of the tenant: `reserved`, the newest `day` and `month`, and what was spent in them. */
  totals: Readonly<Record<string, string>>;
  /** Days with jobs that ended in them, by date; those of the range that was asked for. */
  days: ReadonlyMap<string, Readonly<Record<string, string>>>;
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
   * Sees to it that `usd` is reserved in all for a run. Safe to repeat. Throws what the connection throws: then it may or may
   * not be. No effect for an attempt that was fenced off: the journal refuses its call.
   * @returns the budget that has no room for it; then no more than `keptUsd` is reserved any longer
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

  /** Submits of the last minute; this counts none. @returns null where they are not limited */
  async requestsLeft(tenant: string, limits: Limits): Promise<RequestsLeft | null> {
    if (limits.requests_per_minute === undefined) return null;
    const [, used, resetMs] = (await scripts.readRequests.run(this.#cell, [tenant])) as [string, number, number];
    return requestsLeft(limits, used, resetMs);
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
