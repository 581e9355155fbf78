/**
 * The console's process: an HTTP server for admins, on its own port.
 *
 *   1. settings   wrong ones are named, and the process ends
 *   2. Redis      one connection that fails fast; the start waits for it, and its permissions are watched
 *   3. plans      those of the config file are stored in Redis: see `packages/gate`
 *   4. lanes      one BullMQ queue each, only to read and to pause it
 *   5. listen     until SIGTERM or SIGINT
 *
 * It runs no job and reads no journal, so it never sees prompts or answers.
 */
import { accessNames } from '@holdfast/cell';
import type { EndedJob } from '@holdfast/core';
import { createKnownPlans } from '@holdfast/gate';
import { HistoryRecorder } from '@holdfast/history';
import { connectRedis, disconnectRedis, type Redis, ServerWatch, untilReady, watchLatency } from '@holdfast/redis';
import {
  countEndedJobs,
  exportDepth,
  listen,
  Metrics,
  measureRedis,
  runService,
  type ServiceContext,
  serveMetrics,
} from '@holdfast/service';
import { type ConsoleConfig, readConfig } from './config.ts';
import { createConsoleApp } from './console-app.ts';
import { type OpenLanes, openLanes } from './lanes/lane-status.ts';

const REDIS_READY_WITHIN_MS = 30_000;
/** How long running requests may take after a signal to stop. */
const GRACE_MS = 1_000;

async function start(config: ConsoleConfig, context: ServiceContext): Promise<void> {
  const { logger, onClose } = context;
  const metrics = new Metrics();
  await serveMetrics(metrics, config.metrics, context);
  const redis = connectRedis(config.redisUrl, 'producer', logger);
  onClose('redis', () => disconnectRedis(redis));
  await untilReady(redis, REDIS_READY_WITHIN_MS);
  // The console accepts no jobs, so it needs no durability of Redis.
  const watch = new ServerWatch({ redis, mode: 'memory', names: accessNames(config.prefix), logger });
  await watch.start();
  onClose('server watch', () => watch.stop());

  const knownPlans = createKnownPlans({ redis, prefix: config.prefix, plans: config.plans, logger });
  await knownPlans.store();

  const lanes = openObservedLanes(config, redis, metrics, context);

  const app = createConsoleApp({ config, redis, lanes, knownPlans, logger });
  const server = await listen(app, { host: config.host, port: config.port });
  onClose('server', () => server.close(GRACE_MS));
  logger.info({ url: server.url }, 'console ready');
}

/** The console dispatches a lane that it resumes: jobs past their deadlines end in its hands. */
function openObservedLanes(
  { prefix, lanes: configured, tasks }: ConsoleConfig,
  redis: Redis,
  metrics: Metrics,
  { logger, onClose }: ServiceContext,
): OpenLanes {
  onClose('redis latency', watchLatency(redis, measureRedis(metrics)));
  const history = new HistoryRecorder({ redis, prefix, logger });
  history.start();
  onClose('history', () => history.close());
  const count = countEndedJobs(metrics, tasks);
  const onExpired = (job: EndedJob) => {
    count(job);
    history.ended(job);
  };
  const lanes = openLanes({ redis, prefix, lanes: configured, onExpired });
  onClose('lanes', () => lanes.close());
  exportDepth(metrics, () => lanes.depths.read());
  return lanes;
}

await runService('console', () => readConfig(process.env), start);
