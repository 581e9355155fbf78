/** Stage 2 of 6: fair order and limits, then BullMQ, and the only home of it. */
export { LaneCallLimits } from './call-limits.ts';
export { Feed } from './feed.ts';
export { startFeeding } from './feeding.ts';
export { openLaneQueue } from './lane-queue.ts';
export { LaneQueues } from './lane-queues.ts';
export { LaneWorker } from './lane-worker.ts';
export type { ReleaseName } from './names.ts';
export * from './presence.ts';
export { QueuedCap } from './queued-cap.ts';
