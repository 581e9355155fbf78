/** Stage 2 of 6: fair order and limits, then BullMQ, and the only home of it. */
export { type Blocks, readBlocks } from './blocks.ts';
export { BullQueues } from './bull-queues.ts';
export { LaneCallLimits } from './call-limits.ts';
export type { WorkedLane } from './heartbeat.ts';
export { LaneQueues } from './lane-queues.ts';
export { LaneWorker } from './lane-worker.ts';
export { maintain, startMaintenance } from './maintenance.ts';
export * from './presence.ts';
export type { FairScheduler, PageEnd } from './scheduler.ts';
