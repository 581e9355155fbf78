/** Redis: connections, scripts, and checks of the server. The only package that imports ioredis. */
export type { AccessNames } from './access.ts';
export * from './connect.ts';
export {
  checkDurability,
  checkSettings,
  connectedReplicas,
  type DurabilityMode,
  durabilityModes,
} from './durability.ts';
export * from './durable-writes.ts';
export * from './latency-watch.ts';
export type { MemoryGrowth } from './memory-growth.ts';
export { startMemoryNotes } from './memory-notes.ts';
export * from './memory-watch.ts';
export { isOutOfMemory, MemoryWatch } from './memory-watch.ts';
export * from './redis-facts.ts';
export { redisTime } from './redis-time.ts';
export * from './script.ts';
export * from './server-watch.ts';
