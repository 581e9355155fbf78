/** The API's settings: the only place of this app that reads the environment. */
import type { Lanes, Plans, Prices } from '@holdfast/core';
import { type DurabilityMode, durabilityModes } from '@holdfast/redis';
import {
  type MetricsSettings,
  metricsSettings,
  metricsVariables,
  namedVariables,
  readConfigFile,
  readSettings,
  readTracing,
  setting,
  type TracingConfig,
  tracingVariables,
  warnOfUnknownSettings,
} from '@holdfast/service';
import type { Task } from '@holdfast/tasks';
import { loadTasks } from '@holdfast/tasks/load';
import { z } from 'zod';
import type { HeldLimits } from './bounds/held-requests.ts';

export interface ApiConfig {
  host: string;
  port: number;
  redisUrl: string;
  prefix: string;
  logLevel: string;
  durability: DurabilityMode;
  /** How long a job is stored after its end, in ms. */
  retentionMs: number;
  /** Of the body of a submit. */
  maxBodyBytes: number;
  held: HeldLimits;
  /** null: its metrics are not served. */
  metrics: MetricsSettings | null;
  /** An API key to create for tenant `default` at start. */
  bootstrapKey: string | undefined;
  lanes: Lanes;
  /** Built-in tasks and those of the config file, by their names. */
  tasks: ReadonlyMap<string, Task>;
  plans: Plans;
  prices: Prices;
  /** All processes should have the same. */
  configDigest: string;
  /** null: no traces are exported. */
  tracing: TracingConfig | null;
  warnings: readonly string[];
}

export function readConfig(env: NodeJS.ProcessEnv): ApiConfig {
  const settings = readSettings(
    {
      HOST: z.string().default('127.0.0.1'),
      PORT: setting.port(3000),
      REDIS_URL: setting.redisUrl,
      HOLDFAST_PREFIX: setting.prefix,
      LOG_LEVEL: setting.logLevel,
      DURABILITY: z.enum(durabilityModes, `expected one of ${durabilityModes.join(', ')}`).default('fsync'),
      RETENTION_HOURS: setting.hours(24),
      MAX_BODY_MB: setting.count(10, 100),
      MAX_HELD_REQUESTS: setting.count(20_000, 1_000_000),
      MAX_HELD_REQUESTS_PER_KEY: setting.count(10_000, 1_000_000),
      ...metricsVariables,
      HOLDFAST_BOOTSTRAP_KEY: z.string().optional(),
      HOLDFAST_CONFIG: z.string().optional(),
      OPENAI_BASE_URL: setting.providerUrl,
      OPENAI_BACKGROUND: setting.providerRunsInBackground,
      ...tracingVariables,
    },
    env,
  );
  const file = readConfigFile(settings.HOLDFAST_CONFIG, settings.OPENAI_BASE_URL, {
    load: loadTasks,
    background: settings.OPENAI_BACKGROUND,
  });
  return Object.freeze({
    host: settings.HOST,
    port: settings.PORT,
    redisUrl: settings.REDIS_URL,
    prefix: settings.HOLDFAST_PREFIX,
    logLevel: settings.LOG_LEVEL,
    durability: settings.DURABILITY,
    retentionMs: settings.RETENTION_HOURS * 3_600_000,
    maxBodyBytes: settings.MAX_BODY_MB * 1_000_000,
    held: { total: settings.MAX_HELD_REQUESTS, perKey: settings.MAX_HELD_REQUESTS_PER_KEY },
    metrics: metricsSettings(settings),
    bootstrapKey: settings.HOLDFAST_BOOTSTRAP_KEY,
    ...file,
    tasks: file.loaded.tasks,
    tracing: readTracing(settings, 'api'),
    warnings: [...file.warnings, ...warnOfUnknownSettings(env, namedVariables(file))],
  });
}
