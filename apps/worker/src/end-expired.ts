/**
 * Ends a job whose deadline passed while it waited: without a slot, so that it waits for nobody. An attempt that finds
 * its deadline passed makes no call. A crash here leaves the release with a slot, and BullMQ gets it.
 */
import type { LaneQueues, ReleaseName } from '@holdfast/queue';
import { runAttempt, type WorkerParts } from './run-attempt.ts';

export function endExpired(parts: WorkerParts, queues: LaneQueues, lane: string, release: ReleaseName): void {
  const neverLost = new AbortController().signal;
  runAttempt(parts, release, neverLost)
    .then((outcome) => queues.finish(lane, release, outcome))
    .catch((error: unknown) => parts.logger.warn({ jobId: release.jobId, error }, 'not ended at its deadline'));
}
