/**
 * Before all tests: a real Redis in a directory of its own, set to lose nothing. Test files share it, each under a
 * prefix of its own; a test that kills or stops Redis starts another. What Node compiles is shared, too.
 */
import { type StartedRedis, startRedis } from '@holdfast/local/redis';
import { NODE_COMPILE_CACHE } from '../../packages/core/testing/compile-cache.ts';
import { makeQuickDirectory } from '../../packages/core/testing/quick-directory.ts';

declare global {
  var testRedis: { redis: StartedRedis; dir: string } | undefined;
}

export default async function startTestRedis(): Promise<void> {
  const dir = makeQuickDirectory('holdfast-test-');
  const redis = await startRedis({ dataDir: dir, env: process.env, log: (line) => console.log(line) });
  globalThis.testRedis = { redis, dir };
  process.env.HOLDFAST_TEST_REDIS_URL = redis.url;
  process.env.NODE_COMPILE_CACHE = NODE_COMPILE_CACHE;
}
