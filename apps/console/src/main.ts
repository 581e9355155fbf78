/**
 * The console's process: an HTTP server for admins, on its own port.
 *
 *   1. settings   a wrong one is named, and that is all
 *   2. Redis      one connection that fails fast; waited for at the start, and watched for refusals
 *   3. plans      the config file's are kept: see `packages/gate`
 *   4. lanes      one BullMQ queue each, only to look at and to pause
 *   5. listen     until the process is told to stop
 *
 * It runs no job and reads no journal: prompts and answers never get here.
 */
import { accessNames } from '@holdfast/cell';
import { createKnownPlans } from '@holdfast/gate';
import { connectRedis, disconnectRedis, ServerWatch, untilReady } from '@holdfast/redis';
import { listen, runService, type ServiceContext } from '@holdfast/service';
import { type ConsoleConfig, readConfig } from './config.ts';
import { createConsoleApp } from './console-app.ts';
import { openLanes } from './lanes/lane-status.ts';

const REDIS_READY_WITHIN_MS = 30_000;
/** Requests under way may end when the process is told to. */
const GRACE_MS = 1_000;

async function start(config: ConsoleConfig, { logger, onClose }: ServiceContext): Promise<void> {
  const redis = connectRedis(config.redisUrl, 'producer', logger);
  onClose('redis', () => disconnectRedis(redis));
  await untilReady(redis, REDIS_READY_WITHIN_MS);
  // It accepts no jobs: how durably they are kept is not its business.
  const watch = new ServerWatch({ redis, mode: 'memory', names: accessNames(config.prefix), logger });
  await watch.start();
  onClose('server watch', () => watch.stop());

  const knownPlans = createKnownPlans({ redis, prefix: config.prefix, plans: config.plans, logger });
  await knownPlans.store();

  const lanes = openLanes({ redis, prefix: config.prefix, lanes: config.lanes });
  onClose('lanes', () => lanes.close());

  const app = createConsoleApp({ config, redis, lanes, knownPlans, logger });
  const server = await listen(app, { host: config.host, port: config.port });
  onClose('server', () => server.close(GRACE_MS));
  logger.info({ url: server.url }, 'console ready');
}

await runService('console', () => readConfig(process.env), start);
