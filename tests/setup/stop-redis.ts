/** After all tests: ends the Redis that `start-redis.ts` started, and removes its files. */
import { rmSync } from 'node:fs';

export default async function stopTestRedis(): Promise<void> {
  const { redis, dir } = globalThis.testRedis ?? {};
  await redis?.stop();
  if (dir) rmSync(dir, { recursive: true, force: true });
}
