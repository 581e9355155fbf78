/**
 * The ledger: what a tenant has been let in for, and what it has spent, per UTC day and calendar month.
 *
 *               ┌─raise─┐                     a further call may cost more than is set aside
 *   admit ──▶ reserved ◀┘ ──settle──▶ spent   at the job's end, exactly once, by what the journal says it has cost
 *                │
 *                └──give back──▶ nothing      the job was never accepted
 *
 * At any time, spent + reserved is at most the budget, as long as estimates are upper bounds: `admit` and `raise` check and
 * set aside in one script. A reservation has a nonce, which the job's record holds: so a settlement that comes late, or twice,
 * can't touch the reservation of a later run. Amounts are whole billionths of a dollar: sums of them are exact.
 *
 * A crash between any two of these leaves a reservation, never a spend that is forgotten: `dueReservations` finds it.
 */
import { randomBytes } from 'node:crypto';
import { type Limits, MAX_BUDGET_USD, type Spend } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { gateKeys } from './keys.ts';
import type { Period } from './periods.ts';
import { admitScript } from './scripts/admit.ts';
import { lookAfterScript } from './scripts/look-after.ts';
import { raiseScript } from './scripts/raise.ts';
import { readRequestsScript, readUsageScript } from './scripts/read-usage.ts';
import { giveBackScript, settleScript } from './scripts/settle.ts';

/** Longer than a submit may take from being let in to being accepted; shorter would give back what is on its way. */
const LEASE_MS = 60_000;

/** Requests of the last minute, of a tenant that has a limit of them. */
export interface RequestsLeft {
  limit: number;
  remaining: number;
  /** ms until more is let in; 0: nothing was used. */
  resetMs: number;
}

/** A budget that has no room. */
export interface OverBudget {
  period: Period;
  spentUsd: number;
  /** Set aside for jobs that have not ended. */
  reservedUsd: number;
  /** Redis' time, in ms. */
  nowMs: number;
  /** What is in the way: money that is only set aside, what is spent, or that the whole budget is smaller. */
  why: 'reserved' | 'spent' | 'budget';
}

/** `over`: the budget that refused; null: the minute did. */
export interface Refusal {
  over: OverBudget | null;
  requests: RequestsLeft | null;
}

export type AdmitReply = { reservation: string; requests: RequestsLeft | null } | { refusal: Refusal };

/** One whose job is to be looked at. */
export interface DueReservation {
  jobId: string;
  reservation: string;
  /** How many have been let in for it and not given it back. */
  holders: number;
}

export interface LedgerReading {
  nowMs: number;
  usedRequests: number;
  resetMs: number;
  /** By field name; amounts in billionths of a dollar. */
  fields: ReadonlyMap<string, number>;
}

export class Ledger {
  readonly #redis: Redis;
  readonly #keys: ReturnType<typeof gateKeys>;
  readonly #leaseMs: number;

  /** @param leaseMs how long a reservation is left alone before its job is looked at */
  constructor({ redis, prefix, leaseMs = LEASE_MS }: { redis: Redis; prefix: string; leaseMs?: number }) {
    this.#redis = redis;
    this.#keys = gateKeys(prefix);
    this.#leaseMs = leaseMs;
  }

  /**
   * Checks the limits and sets `estimateUsd` aside, in one step. After an error it may or may not have happened; the same
   * call again finds out. @param estimateUsd null: no price is known, and no budget refuses it
   */
  async admit(tenant: string, jobId: string, estimateUsd: number | null, limits: Limits): Promise<AdmitReply> {
    const { requests_per_minute: perMinute } = limits;
    const amount = estimateUsd === null ? '' : toNano(estimateUsd);
    const keys = this.#keys;
    const reply = await admitScript.run(
      this.#redis,
      [keys.minute(tenant), keys.ledger(tenant), keys.reservations(tenant), keys.reserved(tenant)],
      [jobId, newReservation(amount), amount, perMinute ?? '', ...budgetsOf(limits), this.#leaseMs],
    );
    const [kind, reservation, used, resetMs, ...over] = reply as AdmitScriptReply;
    const requests = requestsLeft(perMinute, used, resetMs);
    if (kind === 'admitted') return { reservation, requests };
    return { refusal: { over: kind === 'requests' ? null : overBudget(kind, over), requests } };
  }

  /**
   * Sees to it that `usd` is set aside in all for a job that was let in. Safe to repeat. Throws what the connection throws:
   * then it may or may not be. No effect on a reservation that isn't in force any more, or that a later attempt has raised: the
   * journal refuses the call of this one.
   * @returns the budget that has no room for it; then no more than `keptUsd` is set aside any longer
   */
  async raise(
    { tenant, jobId, reservation, attempt }: { tenant: string; jobId: string; reservation: string; attempt: number },
    { usd, keptUsd }: { usd: number; keptUsd: number },
    limits: Limits,
  ): Promise<OverBudget | null> {
    const keys = [this.#keys.ledger(tenant), this.#keys.reservations(tenant)];
    const args = [jobId, reservation, attempt, toNano(usd), toNano(keptUsd), ...budgetsOf(limits)];
    const [kind, ...over] = (await raiseScript.run(this.#redis, keys, args)) as RaiseScriptReply;
    return kind === 'raised' || kind === 'unknown' ? null : overBudget(kind, over);
  }

  /** Undoes one `admit` whose job was surely not accepted by it. */
  async giveBack(tenant: string, jobId: string, reservation: string): Promise<void> {
    await giveBackScript.run(this.#redis, this.#settleKeys(tenant), [jobId, reservation, 1]);
  }

  /** Frees the reservation of a job that doesn't exist, unless it has been let in anew since it was found to be due. */
  async drop(tenant: string, { jobId, reservation, holders }: DueReservation): Promise<void> {
    await giveBackScript.run(this.#redis, this.#settleKeys(tenant), [jobId, reservation, holders]);
  }

  /** Moves a reservation to what was spent. Safe to repeat. @returns whether there was one to settle */
  async settle(tenant: string, jobId: string, reservation: string, spend: Spend): Promise<boolean> {
    const { usd, input_tokens, output_tokens, calls, avoided_usd } = spend;
    const amounts = [toNano(usd ?? 0), input_tokens, output_tokens, calls, toNano(avoided_usd)];
    return (await settleScript.run(this.#redis, this.#settleKeys(tenant), [jobId, reservation, ...amounts])) === 1;
  }

  /** Reservations older than the lease, each again after another lease at the earliest. */
  async dueReservations(tenant: string, count: number): Promise<DueReservation[]> {
    const keys = [this.#keys.reserved(tenant), this.#keys.reservations(tenant)];
    const reply = (await lookAfterScript.run(this.#redis, keys, [count, this.#leaseMs])) as string[];
    return Array.from({ length: reply.length / 3 }, (_, at) => {
      const [jobId = '', reservation = '', holders] = reply.slice(3 * at);
      return { jobId, reservation, holders: Number(holders) };
    });
  }

  /** Requests of the last minute, none of them counted by this. @returns null where they are not limited */
  async requestsLeft(tenant: string, { requests_per_minute: perMinute }: Limits): Promise<RequestsLeft | null> {
    if (perMinute === undefined) return null;
    const reply = await readRequestsScript.run(this.#redis, [this.#keys.minute(tenant)], []);
    return requestsLeft(perMinute, ...(reply as [number, number]));
  }

  async read(tenant: string): Promise<LedgerReading> {
    const keys = [this.#keys.minute(tenant), this.#keys.ledger(tenant)];
    const reply = await readUsageScript.run(this.#redis, keys, []);
    const [nowMs, usedRequests, resetMs, flat] = reply as [number, number, number, string[]];
    const fields = new Map<string, number>();
    for (let at = 0; at < flat.length; at += 2) fields.set(flat[at] ?? '', Number(flat[at + 1]));
    return { nowMs, usedRequests, resetMs, fields };
  }

  #settleKeys(tenant: string): string[] {
    const { ledger, reservations, reserved } = this.#keys;
    return [ledger(tenant), reservations(tenant), reserved(tenant)];
  }
}

type Over = [spent?: number, reserved?: number, nowMs?: number, why?: OverBudget['why']];
type AdmitScriptReply = ['admitted' | 'requests' | Period, string, number, number, ...Over];
type RaiseScriptReply = ['raised' | 'unknown' | Period, ...Over];

function overBudget(period: Period, [spent = 0, reserved = 0, nowMs = 0, why = 'spent']: Over): OverBudget {
  return { period, spentUsd: toUsd(spent), reservedUsd: toUsd(reserved), nowMs, why };
}

/** As the scripts take them: of the day, of the month. */
function budgetsOf({ budget_usd: { day, month } = {} }: Limits): [string, string] {
  return [day === undefined ? '' : toNano(day), month === undefined ? '' : toNano(month)];
}

/** A reservation's nonce begins with what is set aside by it at first. */
function newReservation(amount: string): string {
  return `${amount || '0'}-${randomBytes(9).toString('base64url')}`;
}

/** What was set aside, in dollars, when the job was let in: what is set aside until `raise` is called. */
export function reservedAtFirst(reservation: string): number {
  return toUsd(Number.parseInt(reservation, 10) || 0);
}

export function requestsLeft(limit: number | undefined, used: number, resetMs: number): RequestsLeft | null {
  return limit === undefined ? null : { limit, remaining: Math.max(0, limit - used), resetMs };
}

/** Above every budget, so that nothing of this size is ever let in by one, and well below 2^53. */
const MAX_NANO = 2 * MAX_BUDGET_USD * 1e9;

/** Rounded up, so that nothing that costs something costs nothing. The subtraction takes off what floats add. */
function toNano(usd: number): string {
  return Math.min(MAX_NANO, Math.max(0, Math.ceil(usd * 1e9 - 1e-3))).toFixed(0);
}

export function toUsd(nano: number): number {
  return nano / 1e9;
}
