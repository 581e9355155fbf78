/** For a thread that runs no jobs: without BullMQ, which would take 10 MB of memory. */
export { countBlock } from '../presence/blocks.ts';
export { Heartbeat } from '../presence/heartbeat.ts';
export { announceOnce } from '../presence/presence.ts';
