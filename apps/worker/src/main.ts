/**
 * A worker process: takes released jobs, runs attempts, and does the duties of sweeping and settling. On SIGTERM it takes no more jobs
 * and lets those under way go on for DRAIN_SECONDS.
 */
import { hostname } from 'node:os';
import { defaultRetryPolicy } from '@holdfast/core';
import { createTenants, Ledger } from '@holdfast/gate';
import { FlushClock, Journal, LiveFeed } from '@holdfast/journal';
import { createOpenAiProvider } from '@holdfast/providers';
import { announceWorker, LaneQueues } from '@holdfast/queue';
import { connectRedis, disconnectRedis, untilReady } from '@holdfast/redis';
import { runService, type ServiceContext } from '@holdfast/service';
import { builtInTasks } from '@holdfast/tasks';
import { readConfig, type WorkerConfig } from './config.ts';
import { startLaneWorkers } from './lane-workers.ts';
import { type LaneProvider, runAttempt, type WorkerParts } from './run-attempt.ts';
import { RunningAttempts } from './running-attempts.ts';
import { startSettling } from './settle-ended-jobs.ts';
import { startSweeping } from './sweep-open-jobs.ts';

function makeProviders({ lanes, providerKeys }: WorkerConfig): Map<string, LaneProvider> {
  const made = Object.entries(lanes).flatMap(([lane, { providers, background, idempotency_header: idempotent }]) =>
    providers.map(({ name, base_url, api_key_env }): [string, LaneProvider] => {
      const apiKey = api_key_env && providerKeys[api_key_env];
      return [lane, { provider: createOpenAiProvider({ name, baseUrl: base_url, apiKey }), background, idempotent }];
    }),
  );
  return new Map(made);
}

async function start(config: WorkerConfig, { logger, onClose }: ServiceContext): Promise<void> {
  const { prefix } = config;
  const redis = connectRedis(config.redisUrl, 'worker', logger);
  const subscriber = connectRedis(config.redisUrl, 'subscriber', logger);
  onClose('redis', () => Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]).then(() => undefined));
  await untilReady(redis, 30_000);

  const journal = new Journal({ redis, prefix, retentionMs: config.retentionMs });
  const queue = new LaneQueues({ redis, prefix, onError: (error) => logger.warn({ error }, 'queue error') });
  const ledger = new Ledger({ redis, prefix });
  const running = new RunningAttempts();
  const parts: WorkerParts = {
    journal,
    clock: new FlushClock({ journal, logger }),
    running,
    tasks: builtInTasks,
    providers: makeProviders(config),
    ledger,
    prices: config.prices,
    retryPolicy: defaultRetryPolicy,
    crashLimit: config.crashLimit,
    random: Math.random,
    logger,
  };
  onClose('cancel orders', await running.listen(journal, new LiveFeed(subscriber)));
  onClose('sweeping', startSweeping({ journal, queue, logger }));
  onClose('settling', startSettling({ journal, ledger, tenants: createTenants({ redis, prefix }), logger }));
  const stop = await startLaneWorkers({
    lanes: Object.keys(config.lanes),
    redis,
    prefix,
    concurrency: config.concurrency,
    logger,
    running,
    run: (release, lockLost) => runAttempt(parts, release, lockLost),
  });
  onClose('jobs under way', () => stop(config.drainMs));
  onClose('presence', await announceWorker(redis, prefix, `${hostname()}-${process.pid}`));
  logger.info({ lanes: Object.keys(config.lanes), concurrency: config.concurrency }, 'worker ready');
}

await runService('worker', () => readConfig(process.env), start);
