/** Stage 2 of 6: BullMQ, and the only home of it. */
export { LaneQueues, openLaneQueue, type ReleaseData } from './lane-queues.ts';
export { LaneWorker } from './lane-worker.ts';
export * from './presence.ts';
