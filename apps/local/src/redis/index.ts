/** A Redis for development and tests: found on the machine, started with durable settings, ended with its starter. */
export { type StartedRedis, startRedis } from './start-redis.ts';
