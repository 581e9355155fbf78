/**
 * Counts what happens in this process, and flushes it into Redis every 2 s: no job costs a command for it.
 *
 *   1. count   in memory; bounded by the caps of buckets, also while Redis is away
 *   2. cut     what has been counted becomes flushes of at most 200 fields, numbered 1, 2, 3 … in this process
 *   3. send    one after the other. One whose reply is lost is sent again under its number, and is counted once
 *
 * A process that is killed loses what it counted since its last flush. That is statistics; the ledger is written with each job.
 */
import { randomUUID } from 'node:crypto';
import { type EndedJob, type Logger, toNano } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { laneCounts, modelCounts, savedCounts, submitCounts, tenantCounts } from '../buckets.ts';
import { bucketOf } from '../histogram.ts';
import { historyKeys } from '../keys.ts';
import { flushScript } from '../scripts.ts';
import { Tally } from './tally.ts';

const FLUSH_EVERY_MS = 2_000;
const MAX_FIELDS = 200;
/** How long the last flush of a process that stops may take, in ms. */
const CLOSE_WITHIN_MS = 2_000;

interface RecorderOptions {
  redis: Redis;
  prefix: string;
  logger: Logger;
}

/** What calls have used. */
interface UsedByCall {
  tenant: string;
  /** As it was called for. */
  model: string;
  inputTokens: number;
  outputTokens: number;
  /** null: no price is known. */
  usd: number | null;
}

interface Flush {
  number: number;
  all: string[];
  tenants: string[];
}

export class HistoryRecorder {
  readonly #options: RecorderOptions;
  readonly #process = randomUUID();
  readonly #all = new Tally();
  readonly #tenants = new Tally();
  #number = 0;
  #pending: Flush[] = [];
  #underWay: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  /** Flushes what is left. Waits 2 s at most: what Redis doesn't take by then is lost. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS).unref());
    // A flush under way doesn't have what was counted since it began.
    await Promise.race([this.flush().then(() => this.flush()), late]);
  }

  /** A new job, or one that its key names already. */
  submitted(tenant: string, what: 'submitted' | 'replayed'): void {
    this.#all.add('submits', [], submitCounts.indexOf(what));
    this.#ofTenant(tenant, what);
  }

  /** @param code stable, of the refusal */
  refused(tenant: string, code: string): void {
    this.#all.add('submits', [], submitCounts.indexOf('refused'));
    this.#all.add('refused', [code], 0);
    this.#ofTenant(tenant, 'refused');
  }

  ended({ tenant, lane, outcome, code, provider, seconds }: EndedJob): void {
    this.#all.add('lane', [lane], laneCounts.indexOf(outcome));
    this.#all.add('total', [lane], bucketOf(seconds));
    if (outcome === 'failed') this.#all.add('failed', [lane, code ?? '', provider ?? ''], 0);
    this.#ofTenant(tenant, outcome);
  }

  /** An attempt has failed, and the job is tried again. */
  retried(lane: string): void {
    this.#all.add('lane', [lane], laneCounts.indexOf('retried'));
  }

  /** From when a job was due to its first claim. */
  waited(lane: string, seconds: number): void {
    this.#all.add('wait', [lane], bucketOf(seconds));
  }

  /** From an attempt's claim to its first text in the journal. */
  firstText(lane: string, seconds: number): void {
    this.#all.add('first', [lane], bucketOf(seconds));
  }

  /** A call has begun that is paid for. */
  called(tenant: string, model: string): void {
    this.#all.add('model', [model], modelCounts.indexOf('calls'));
    this.#ofTenant(tenant, 'calls');
  }

  /** An interrupted call was resumed, and isn't paid anew. */
  resumed(): void {
    this.#all.add('saved', [], savedCounts.indexOf('resumed'));
  }

  used({ tenant, model, inputTokens, outputTokens, usd }: UsedByCall): void {
    const used = { inputTokens, outputTokens, cost: toNano(usd ?? 0) };
    for (const what of ['inputTokens', 'outputTokens', 'cost'] as const) {
      this.#all.add('model', [model], modelCounts.indexOf(what), used[what]);
      this.#ofTenant(tenant, what, used[what]);
    }
  }

  /** A job has got the answer of an equal one. @param usd what that had cost */
  copied(tenant: string, usd: number): void {
    this.#all.add('saved', [], savedCounts.indexOf('copied'));
    this.#all.add('saved', [], savedCounts.indexOf('avoided'), toNano(usd));
    this.#ofTenant(tenant, 'avoided', toNano(usd));
  }

  #ofTenant(tenant: string, what: (typeof tenantCounts)[number], by = 1): void {
    this.#tenants.add('tenant', [tenant], tenantCounts.indexOf(what), by);
  }

  /** Sends what was counted. Never rejects: what Redis doesn't take is sent with the next one. Joins a flush that is under way. */
  flush(): Promise<void> {
    this.#underWay ??= this.#send().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #send(): Promise<void> {
    if (this.#pending.length === 0) this.#pending = this.#cut();
    try {
      for (let next = this.#pending[0]; next; next = this.#pending[0]) {
        await this.#sendOne(next);
        this.#pending.shift();
      }
      this.#hasWarned = false;
    } catch (error) {
      if (!this.#hasWarned) this.#options.logger.warn({ error }, 'history not flushed; it is tried again');
      this.#hasWarned = true;
    }
  }

  #cut(): Flush[] {
    const [all, tenants] = [this.#all.take(), this.#tenants.take()];
    const flushes: Flush[] = [];
    while (all.length > 0 || tenants.length > 0) {
      this.#number += 1;
      const ofAll = all.splice(0, 2 * MAX_FIELDS);
      flushes.push({ number: this.#number, all: ofAll, tenants: tenants.splice(0, 2 * MAX_FIELDS - ofAll.length) });
    }
    return flushes;
  }

  async #sendOne({ number, all, tenants }: Flush): Promise<void> {
    const { redis, prefix } = this.#options;
    const { base, rolled } = historyKeys(prefix);
    await flushScript.run(redis, [rolled], [base, this.#process, number, all.length, ...all, ...tenants]);
  }
}
