/** The only home of ioredis: how connections are made, how scripts are run, what the server must be set to. */
export type { AccessNames } from './access.ts';
export * from './connect.ts';
export * from './durability.ts';
export * from './durable-writes.ts';
export * from './memory-watch.ts';
export * from './script.ts';
export * from './server-watch.ts';
