/**
 * A duty: slots and BullMQ are brought together, once a second by one process.
 *
 *   BullMQ has the release waiting or active   it is looked after again in a while
 *   BullMQ has it ended                        its worker left no slot behind, but for a crash: the slot is freed
 *   BullMQ doesn't know it                     a crash between pump and hand-over, or a job removed by hand: handed over
 */
import type { LaneQueues } from './lane-queues.ts';
import { queueJobId } from './names.ts';

export const RECONCILE_EVERY_MS = 1_000;
const LOOK_AGAIN_MS = 5_000;
const MOST_AT_ONCE = 500;

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed']);

/** @returns how many slots were freed and releases handed over; null: another process does it */
export async function reconcile(
  queues: LaneQueues,
  lanes: readonly string[],
): Promise<{ freed: number; handedOver: number } | null> {
  if (!(await queues.feed.isMyTurnToReconcile(RECONCILE_EVERY_MS))) return null;
  const counts = { freed: 0, handedOver: 0 };
  for (const lane of lanes) {
    const releases = await queues.feed.slotsToCheck(lane, LOOK_AGAIN_MS, MOST_AT_ONCE);
    const states = await Promise.all(releases.map((release) => queues.queue(lane).getJobState(queueJobId(release))));
    const ended = releases.filter((_, at) => ENDED.has(states[at] ?? ''));
    const missing = releases.filter((_, at) => states[at] === 'unknown');
    await Promise.all(ended.map((release) => queues.finish(lane, release, { kind: 'ended' })));
    await queues.handOver(lane, missing);
    counts.freed += ended.length;
    counts.handedOver += missing.length;
  }
  return counts;
}
