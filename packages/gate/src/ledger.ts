/**
 * The ledger: what a tenant has been let in for, and what it has spent, per UTC day and calendar month.
 *
 *   admit ──▶ reserved ──settle──▶ spent     at the job's end, exactly once, by what the journal says it has cost
 *                │
 *                └──give back──▶ nothing     the job was never accepted
 *
 * At any time, spent + reserved is at most the budget, as long as estimates are upper bounds: `admit` checks and sets aside
 * in one script. A reservation has a nonce, which the job's record holds: so a settlement that comes late, or twice, can't
 * touch the reservation of a later run. Amounts are whole billionths of a dollar: sums of them are exact.
 *
 * A crash between any two of these leaves a reservation, never a spend that is forgotten: `dueReservations` finds it.
 */
import { randomBytes } from 'node:crypto';
import type { Limits, Spend } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { gateKeys } from './keys.ts';
import { admitScript } from './scripts/admit.ts';
import { lookAfterScript } from './scripts/look-after.ts';
import { readUsageScript } from './scripts/read-usage.ts';
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

export interface Refusal {
  reason: 'requests' | 'day' | 'month';
  requests: RequestsLeft | null;
  /** Of `day` and `month`. */
  spentUsd: number;
  reservedUsd: number;
  /** Redis' time, in ms. */
  nowMs: number;
}

export type AdmitReply = { reservation: string; requests: RequestsLeft | null } | { refusal: Refusal };

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
    const { requests_per_minute: perMinute, budget_usd: { day, month } = {} } = limits;
    const keys = this.#keys;
    const reply = await admitScript.run(
      this.#redis,
      [keys.minute(tenant), keys.ledger(tenant), keys.reservations(tenant), keys.reserved(tenant)],
      [
        jobId,
        randomBytes(9).toString('base64url'),
        estimateUsd === null ? '' : toNano(estimateUsd),
        perMinute ?? '',
        day === undefined ? '' : toNano(day),
        month === undefined ? '' : toNano(month),
        this.#leaseMs,
      ],
    );
    const [kind, reservation, used, resetMs, spent = 0, reserved = 0, nowMs = 0] = reply as AdmitScriptReply;
    const requests = requestsLeft(perMinute, used, resetMs);
    if (kind === 'admitted') return { reservation, requests };
    const amounts = { spentUsd: toUsd(spent), reservedUsd: toUsd(reserved), nowMs };
    return { refusal: { reason: kind, requests, ...amounts } };
  }

  /** Undoes one `admit` whose job was surely not accepted by it. */
  async giveBack(tenant: string, jobId: string, reservation: string): Promise<void> {
    await giveBackScript.run(this.#redis, this.#settleKeys(tenant), [jobId, reservation, 0]);
  }

  /** Frees the reservation of a job that doesn't exist. */
  async drop(tenant: string, jobId: string, reservation: string): Promise<void> {
    await giveBackScript.run(this.#redis, this.#settleKeys(tenant), [jobId, reservation, 1]);
  }

  /** Moves a reservation to what was spent. Safe to repeat. @returns whether there was one to settle */
  async settle(tenant: string, jobId: string, reservation: string, spend: Spend): Promise<boolean> {
    const { usd, input_tokens, output_tokens, calls } = spend;
    const amounts = [toNano(usd ?? 0), input_tokens, output_tokens, calls];
    return (await settleScript.run(this.#redis, this.#settleKeys(tenant), [jobId, reservation, ...amounts])) === 1;
  }

  /** Reservations older than the lease, each again after another lease at the earliest. */
  async dueReservations(tenant: string, count: number): Promise<{ jobId: string; reservation: string }[]> {
    const keys = [this.#keys.reserved(tenant), this.#keys.reservations(tenant)];
    const reply = (await lookAfterScript.run(this.#redis, keys, [count, this.#leaseMs])) as string[];
    const ids = reply.filter((_, at) => at % 2 === 0);
    return ids.map((jobId, at) => ({ jobId, reservation: reply[2 * at + 1] ?? '' }));
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

type AdmitScriptReply = ['admitted' | Refusal['reason'], string, number, number, number?, number?, number?];

export function requestsLeft(limit: number | undefined, used: number, resetMs: number): RequestsLeft | null {
  return limit === undefined ? null : { limit, remaining: Math.max(0, limit - used), resetMs };
}

/** Rounded up, so that nothing that costs something costs nothing. The subtraction takes off what floats add. */
function toNano(usd: number): string {
  return Math.max(0, Math.ceil(usd * 1e9 - 1e-3)).toFixed(0);
}

export function toUsd(nano: number): number {
  return nano / 1e9;
}
