/** Run by `prepare.mjs --test`: makes sure that a Redis and a Chromium are there before the first test asks for them. */
import { findChromium } from './find-chromium.ts';
import { findRedis } from './redis/find-redis.ts';
import { packageCache } from './redis/start-redis.ts';

const log = (line: string) => void process.stdout.write(`${line}\n`);

const looks = await Promise.allSettled([
  findRedis({ env: process.env, cacheDir: packageCache, log }),
  findChromium(process.env, log),
]);
for (const look of looks) {
  if (look.status === 'fulfilled') continue;
  process.stderr.write(`${look.reason instanceof Error ? look.reason.message : look.reason}\n`);
  process.exitCode = 1;
}
