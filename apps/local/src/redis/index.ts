/** A Redis for development and tests: found on the machine, started with durable settings, ended with the process that started it. */
export { type StartedRedis, startRedis } from './start-redis.ts';
