/** What Redis keeps of alerts, so that another process goes on where one has stopped: nothing is reported twice, nothing is forgotten. */
import { randomUUID } from 'node:crypto';
import type { Redis } from '@holdfast/redis';
import type { AlertChange, AlertKey, AlertState, AlertStates } from './evaluate.ts';
import { alertKeys } from './keys.ts';

/** A process that watches is replaced after this silence, in ms. */
export const WATCHER_GONE_MS = 60_000;
/** Where the webhook fails for days, the oldest reports go. */
const MAX_OUTBOX = 1_000;

/** A report on its way. `id` stays the same however often it is sent. */
export interface Report {
  id: string;
  /** When it was noticed, in ms. */
  at: number;
  change: AlertChange;
}

export class AlertStore {
  readonly #redis: Redis;
  readonly #keys: ReturnType<typeof alertKeys>;
  readonly #watcher = randomUUID();

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#keys = alertKeys(prefix);
  }

  /** Whether this process is the one that watches. One at a time, but for moments: that costs a report sent twice, with one id. */
  async becomeWatcher(): Promise<boolean> {
    const { watcher } = this.#keys;
    if ((await this.#redis.set(watcher, this.#watcher, 'PX', WATCHER_GONE_MS, 'NX')) === 'OK') return true;
    if ((await this.#redis.get(watcher)) !== this.#watcher) return false;
    await this.#redis.pexpire(watcher, WATCHER_GONE_MS);
    return true;
  }

  /** Leaves the watch to another process at once. */
  async resign(): Promise<void> {
    const { watcher } = this.#keys;
    if ((await this.#redis.get(watcher)) === this.#watcher) await this.#redis.del(watcher);
  }

  async states(): Promise<AlertStates> {
    const stored = Object.entries(await this.#redis.hgetall(this.#keys.states));
    return new Map(stored.map(([key, json]) => [key as AlertKey, JSON.parse(json) as AlertState]));
  }

  /** Stores the states and what is to be reported, in one step: a crash loses neither. */
  async save(after: AlertStates, changes: readonly AlertChange[], now: number): Promise<void> {
    const { states, outbox } = this.#keys;
    const transaction = this.#redis.multi().del(states);
    if (after.size > 0) {
      transaction.hset(states, ...[...after].flatMap(([key, state]) => [key, JSON.stringify(state)]));
    }
    for (const change of changes) {
      const report: Report = { id: `alert_${randomUUID()}`, at: now, change };
      transaction.rpush(outbox, JSON.stringify(report));
    }
    transaction.ltrim(outbox, -MAX_OUTBOX, -1);
    const replies = await transaction.exec();
    const failed = replies?.find(([error]) => error !== null);
    if (failed?.[0]) throw failed[0];
  }

  /** The oldest report that is not confirmed. */
  async nextReport(): Promise<Report | null> {
    const json = await this.#redis.lindex(this.#keys.outbox, 0);
    return json === null ? null : (JSON.parse(json) as Report);
  }

  /** The webhook has it. */
  async confirm(report: Report): Promise<void> {
    await this.#redis.lrem(this.#keys.outbox, 1, JSON.stringify(report));
  }
}
