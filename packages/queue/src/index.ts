/** Stage 2 of 6: fair order and limits, then BullMQ. The only package that imports BullMQ. */

export { BullQueues } from './bullmq/bull-queues.ts';
export { LaneQueues } from './bullmq/lane-queues.ts';
export { LaneWorker } from './bullmq/lane-worker.ts';
export { type Blocks, readBlocks } from './presence/blocks.ts';
export type { WorkedLane } from './presence/heartbeat.ts';
export * from './presence/lane-health.ts';
export * from './presence/presence.ts';
export type { BreakerStatus, LaneLoad, WorkerStatus } from './presence/worker-status.ts';
export { LaneCallLimits } from './scheduler/call-limits.ts';
export { LaneDepths } from './scheduler/lane-depths.ts';
export { maintain, type Repair, startMaintenance } from './scheduler/maintenance.ts';
export type { FairScheduler, PageEnd } from './scheduler/scheduler.ts';
