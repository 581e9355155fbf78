/**
 * A worker process's part in the feed, besides running jobs. Its lanes are pumped four times a second, which finds what
 * every other process forgot or failed to do, and costs next to nothing where nothing may run; once a second somebody
 * reconciles. At its start it passes on what tenants may run by now: else a changed plan would reach jobs that wait only when
 * their tenant submits another.
 */
import type { LaneLimits, Logger } from '@holdfast/core';
import type { LaneQueues } from './lane-queues.ts';
import { RECONCILE_EVERY_MS, reconcile } from './reconcile.ts';

const PUMP_EVERY_MS = 250;

interface FeedingOptions {
  queues: LaneQueues;
  /** Limits by lane, as the config file has them. */
  lanes: Readonly<Record<string, { limits: LaneLimits }>>;
  logger: Logger;
}

/** Feeds its lanes until the returned function is called. Failures are logged, and tried again. */
export function startFeeding({ queues, lanes, logger }: FeedingOptions): () => void {
  const names = Object.keys(lanes);
  let passedOn: Promise<void> | null = null;
  const reconcileOnce = async () => {
    // Again and again: all of the feed's keys may have been lost.
    for (const [lane, { limits }] of Object.entries(lanes)) await queues.feed.setConfiguredLimits(lane, limits);
    const counts = await reconcile(queues, names);
    if (counts && counts.freed + counts.handedOver > 0) logger.warn(counts, 'slots and queue differed');
    passedOn ??= queues.passOnLimits();
    await passedOn.catch((error: unknown) => {
      passedOn = null;
      throw error;
    });
  };
  const reconcileQuietly = () =>
    void reconcileOnce().catch((error: unknown) => logger.warn({ error }, 'feeding failed'));
  reconcileQuietly();
  const reconciling = setInterval(reconcileQuietly, RECONCILE_EVERY_MS);
  const pumping = setInterval(() => {
    for (const lane of names) queues.pump(lane);
  }, PUMP_EVERY_MS);
  return () => {
    clearInterval(reconciling);
    clearInterval(pumping);
  };
}
