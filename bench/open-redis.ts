/** Opens a connection that is ready and logs nothing. */
import { type ConnectionRole, connectRedis, type Redis, untilReady } from '@holdfast/redis';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export async function openRedis(url: string, role: ConnectionRole): Promise<Redis> {
  const redis = connectRedis(url, role, quiet);
  await untilReady(redis, 5_000);
  return redis;
}
