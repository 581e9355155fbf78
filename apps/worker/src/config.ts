/** The worker's settings: the only place of this app that reads the environment. */
import type { Lanes, Plans, Prices } from '@holdfast/core';
import { type DurabilityMode, durabilityModes } from '@holdfast/redis';
import {
  type ConfigFile,
  keyVariables,
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

export interface ArchiveConfig {
  url: string;
  /** Prompts and answers go there, too. */
  withContent: boolean;
  /** How long a job is kept there after its end, in ms. */
  keepMs: number;
}

export interface WorkerConfig {
  redisUrl: string;
  prefix: string;
  logLevel: string;
  durability: DurabilityMode;
  /** Jobs at once in this process, per lane. */
  concurrency: number;
  /** How long a job is kept after its end, in ms. */
  retentionMs: number;
  /** How long jobs under way may go on after SIGTERM, in ms, before they are handed back. */
  drainMs: number;
  closeWithinMs: number;
  /** A job whose workers vanished so many times fails. */
  crashLimit: number;
  /** A task that blocks the event loop for so long, in ms, ends the process. */
  blockedLimitMs: number;
  /** null: its metrics are not served. */
  metrics: MetricsSettings | null;
  /** A job whose answer is larger fails. */
  maxAnswerBytes: number;
  /** Where ended jobs go; null: nowhere. */
  archive: ArchiveConfig | null;
  lanes: Lanes;
  /** By their names. */
  tasks: ReadonlyMap<string, Task>;
  task_error_message: ConfigFile['task_error_message'];
  plans: Plans;
  prices: Prices;
  /** Provider keys by the name of the variable that holds them. */
  providerKeys: Readonly<Record<string, string | undefined>>;
  /** Other processes should have the same. */
  configDigest: string;
  /** null: no traces are exported. */
  tracing: TracingConfig | null;
  /** Providers are sent the trace of the job that calls them. */
  propagatesTraces: boolean;
  warnings: readonly string[];
}

const shape = {
  REDIS_URL: setting.redisUrl,
  HOLDFAST_PREFIX: setting.prefix,
  LOG_LEVEL: setting.logLevel,
  DURABILITY: z.enum(durabilityModes, `one of ${durabilityModes.join(', ')}`).default('fsync'),
  WORKER_CONCURRENCY: setting.count(50, 10_000),
  RETENTION_HOURS: setting.hours(24),
  DRAIN_SECONDS: z.coerce.number().min(0).max(3_600).default(30),
  CRASH_LIMIT: setting.count(5, 1_000),
  BLOCKED_LIMIT_SECONDS: z.coerce.number().min(5).max(3_600).default(45),
  MAX_ANSWER_MB: setting.count(64, 256),
  ...metricsVariables,
  ARCHIVE_URL: setting.archiveUrl.optional(),
  ARCHIVE_CONTENT: setting.flag,
  ARCHIVE_DAYS: setting.count(400, 36_500),
  HOLDFAST_CONFIG: z.string().optional(),
  OPENAI_BASE_URL: setting.providerUrl,
  OPENAI_BACKGROUND: setting.providerRunsInBackground,
  ...tracingVariables,
  OTEL_CAPTURE_CONTENT: setting.flag,
  OTEL_PROPAGATE_TO_PROVIDERS: setting.flag,
};

/** @throws SettingsError that names every wrong variable */
export function readConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const settings = readSettings(shape, env);
  const { HOLDFAST_CONFIG: file, OPENAI_BASE_URL: baseUrl } = settings;
  const content = readConfigFile(file, baseUrl, {
    load: loadTasks,
    env,
    background: settings.OPENAI_BACKGROUND,
  });
  const names = keyVariables(content.lanes);
  return Object.freeze({
    redisUrl: settings.REDIS_URL,
    prefix: settings.HOLDFAST_PREFIX,
    logLevel: settings.LOG_LEVEL,
    durability: settings.DURABILITY,
    concurrency: settings.WORKER_CONCURRENCY,
    retentionMs: settings.RETENTION_HOURS * 3_600_000,
    drainMs: settings.DRAIN_SECONDS * 1_000,
    closeWithinMs: settings.DRAIN_SECONDS * 1_000 + 10_000,
    crashLimit: settings.CRASH_LIMIT,
    blockedLimitMs: settings.BLOCKED_LIMIT_SECONDS * 1_000,
    metrics: metricsSettings(settings),
    maxAnswerBytes: settings.MAX_ANSWER_MB * 1_048_576,
    archive: archiveOf(settings.ARCHIVE_URL, settings.ARCHIVE_CONTENT, settings.ARCHIVE_DAYS),
    ...content,
    tasks: content.loaded.tasks,
    tracing: readTracing(settings, 'worker'),
    propagatesTraces: settings.OTEL_PROPAGATE_TO_PROVIDERS,
    warnings: [...content.warnings, ...warnOfUnknownSettings(env, namedVariables(content))],
    providerKeys: Object.fromEntries(names.map((name) => [name, env[name] || undefined])),
  });
}

function archiveOf(url: string | undefined, withContent: boolean, days: number): ArchiveConfig | null {
  return url === undefined ? null : { url, withContent, keepMs: days * 86_400_000 };
}
