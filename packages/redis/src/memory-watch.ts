/**
 * Watches how full Redis is. With `noeviction` a full Redis refuses every write: jobs under way could neither append nor
 * end. So new jobs are to be refused before that, and the rest of the memory is left to those that run. This file only
 * says how it stands; who asks, refuses.
 */
import { types } from 'node:util';
import type { Logger } from '@holdfast/core';
import type { Redis } from './connect.ts';

const EVERY_MS = 1_000;
/** Of `maxmemory`. What jobs under way still write is small beside what new ones bring. */
const NEARLY_FULL = 0.9;

interface MemoryWatchOptions {
  redis: Redis;
  logger: Logger;
  /** Hears of every look: the used share of `maxmemory`, 0 where there is no such limit. */
  onLook?: (usedShare: number) => void;
}

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #full = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** Whether new jobs should be refused. Without a `maxmemory` never: the machine's limit can't be known from here. */
  get isNearlyFull(): boolean {
    return this.#full;
  }

  /** Looks now, then once a second until `stop`. Throws what the connection throws on the first look. */
  async start(): Promise<void> {
    await this.look();
    // While Redis doesn't answer, the last look counts.
    this.#timer = setInterval(() => void this.look().catch(() => undefined), EVERY_MS);
  }

  async look(): Promise<void> {
    const usedShare = usedShareOf(await this.#options.redis.info('memory'));
    this.#options.onLook?.(usedShare);
    this.#become(usedShare > NEARLY_FULL);
  }

  /** A write was refused for want of memory: that counts until the next look. */
  sawFull(): void {
    this.#become(true);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #become(full: boolean): void {
    const { logger } = this.#options;
    if (full && !this.#full) logger.warn({}, 'redis is nearly full: new jobs are refused');
    if (!full && this.#full) logger.info({}, 'redis has room again');
    this.#full = full;
  }
}

/** From the text of INFO memory. Buffers for replicas and for the file are not counted, as Redis doesn't either. */
function usedShareOf(memory: string): number {
  const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1] ?? 0);
  const limit = read('maxmemory');
  return limit === 0 ? 0 : (read('used_memory') - read('mem_not_counted_for_evict')) / limit;
}

/** Whether Redis refused a write for want of memory: nothing of that command was done. */
export function isOutOfMemory(error: unknown): boolean {
  return types.isNativeError(error) && error.name === 'ReplyError' && error.message.startsWith('OOM ');
}
