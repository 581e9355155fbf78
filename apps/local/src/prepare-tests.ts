/**
 * What follows in `prepare.mjs --test`: finds or installs Redis and PostgreSQL before the first test needs them; with `--long`
 * Chromium, too. When one is missing, the others are still looked for, so that all errors are shown.
 */
import { Progress } from '../progress.mjs';
import { findChromium } from './find-chromium.ts';
import { findOrInstallPostgres } from './postgres/find-postgres.ts';
import { findRedis } from './redis/find-redis.ts';
import { packageCache } from './redis/start-redis.ts';

const isForLongTests = process.argv.includes('--long');
const progress = new Progress({ total: isForLongTests ? 5 : 4, first: 3 });
const { env } = process;
const log = (line: string) => progress.say(line);

async function look(name: string, find: () => Promise<unknown>): Promise<void> {
  try {
    await progress.step(`Looking for ${name}`, find);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}

await look('Redis', () => findRedis({ env, cacheDir: packageCache, log }));
await look('PostgreSQL', () => findOrInstallPostgres(env, log));
if (isForLongTests) await look('Chromium', () => findChromium(env, log));
