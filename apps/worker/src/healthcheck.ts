/** Exits 0 if a worker of this machine (in a container: its own) has said within 10 s that it is alive; 1 otherwise. */
import { liveWorkers } from '@holdfast/queue';
import { connectRedis, untilReady } from '@holdfast/redis';
import { createLogger } from '@holdfast/service';
import { readConfig } from './config.ts';
import { host } from './worker-id.ts';

const { redisUrl, prefix } = readConfig(process.env);
const redis = connectRedis(redisUrl, 'producer', createLogger('healthcheck', 'silent'));
try {
  await untilReady(redis, 2_000);
  const alive = await liveWorkers(redis, prefix);
  process.exitCode = alive.some(({ id }) => id.startsWith(`${host}-`)) ? 0 : 1;
} catch {
  process.exitCode = 1;
} finally {
  redis.disconnect();
}
