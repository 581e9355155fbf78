/** What a thread needs that never runs jobs: without BullMQ, which would cost it 10 MB. */
export { countBlock } from './blocks.ts';
export { Heartbeat } from './heartbeat.ts';
export { sayAlive } from './presence.ts';
