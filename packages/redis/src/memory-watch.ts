/**
 * Watches how full Redis is. With `noeviction` a full Redis refuses every write, and running jobs could neither append nor end. So new
 * jobs have to be refused earlier, and the rest of the memory is for running jobs. This file only measures; callers refuse.
 */
import type { Logger } from '@holdfast/core';
import type { Redis } from './connect.ts';
import { replyCodeOf } from './reply-error.ts';

const EVERY_MS = 1_000;
/** Share of `maxmemory`. Running jobs still write little, compared with new jobs. */
export const NEARLY_FULL = 0.9;

interface MemoryWatchOptions {
  redis: Redis;
  logger: Logger;
  /** Called after every check with the used share of `maxmemory`, 0 where there is no limit. */
  onCheck?: (usedShare: number) => void;
}

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #full = false;
  #usedShare = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** Whether new jobs should be refused. Never without a `maxmemory`: the limit of Redis' machine is not known here. */
  get isNearlyFull(): boolean {
    return this.#full;
  }

  /** Of `maxmemory`, at the last check; 0 where there is no limit. */
  get usedShare(): number {
    return this.#usedShare;
  }

  /** Checks now, then once a second until `stop`. Throws what the connection throws at the first check. */
  async start(): Promise<void> {
    await this.check();
    // While Redis doesn't answer, the last check counts.
    this.#timer = setInterval(() => void this.check().catch(() => undefined), EVERY_MS);
  }

  async check(): Promise<void> {
    const usedShare = usedShareOf(await this.#options.redis.info('memory'));
    this.#usedShare = usedShare;
    this.#options.onCheck?.(usedShare);
    this.#become(usedShare > NEARLY_FULL);
  }

  /** Call it when a write was refused for lack of memory: Redis counts as full until the next check. */
  markFull(): void {
    this.#become(true);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #become(full: boolean): void {
    const { logger } = this.#options;
    if (full && !this.#full) logger.warn({}, 'redis is nearly full: new jobs are refused');
    if (!full && this.#full) logger.info({}, 'redis is no longer nearly full: new jobs are accepted');
    this.#full = full;
  }
}

/** From the text of INFO memory. Like in Redis, buffers for replicas and for the append-only file don't count. */
function usedShareOf(memory: string): number {
  const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1] ?? 0);
  const limit = read('maxmemory');
  return limit === 0 ? 0 : (read('used_memory') - read('mem_not_counted_for_evict')) / limit;
}

/** Whether Redis refused a write for lack of memory: then the command did nothing. */
export function isOutOfMemory(error: unknown): boolean {
  return replyCodeOf(error) === 'OOM';
}
