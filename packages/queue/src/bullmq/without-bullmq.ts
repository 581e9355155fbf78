/** What a thread needs that never runs jobs: without BullMQ, which would cost it 10 MB. */
export { countBlock } from '../presence/blocks.ts';
export { Heartbeat } from '../presence/heartbeat.ts';
export { sayAlive } from '../presence/presence.ts';
