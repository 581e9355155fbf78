/**
 * A maintenance task, every 5 s, in one process of all: minutes of the history that are over are added to their hours, and so on. Where it
 * doesn't run for a while, readers add up the minutes themselves, and nothing is lost within two days.
 */
import type { Logger } from '@holdfast/core';
import { rollUp } from '@holdfast/history';
import type { FairScheduler } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

interface RollUpOptions {
  redis: Redis;
  prefix: string;
  scheduler: Pick<FairScheduler, 'isMyTurn'>;
  logger: Logger;
}

const EVERY_MS = 5_000;

export function startRollingUp({ redis, prefix, scheduler, logger }: RollUpOptions): () => void {
  const quietly = async () => {
    try {
      if (await scheduler.isMyTurn('history', EVERY_MS)) await rollUp(redis, prefix);
    } catch (error) {
      logger.warn({ error }, 'history not rolled up');
    }
  };
  const timer = setInterval(() => void quietly(), EVERY_MS);
  return () => clearInterval(timer);
}
