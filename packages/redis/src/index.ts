/** Redis: connections, scripts, and checks of the server. The only package that imports ioredis. */
export type { AccessNames } from './access.ts';
export * from './connect.ts';
export * from './durability.ts';
export * from './durable-writes.ts';
export * from './latency-watch.ts';
export * from './memory-watch.ts';
export * from './script.ts';
export * from './server-watch.ts';
