/** The worker's settings: the only place of this app that reads the environment. */
import type { Lanes, Plans, Prices } from '@holdfast/core';
import { type DurabilityMode, durabilityModes } from '@holdfast/redis';
import {
  type ConfigFile,
  keyVariables,
  namedVariables,
  readConfigFile,
  readSettings,
  setting,
  warnOfUnknownSettings,
} from '@holdfast/service';
import type { Task } from '@holdfast/tasks';
import { loadTasks } from '@holdfast/tasks/load';
import { z } from 'zod';

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
  /** A job whose answer is larger fails. */
  maxAnswerBytes: number;
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
  warnings: readonly string[];
}

export function readConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const settings = readSettings(
    {
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
      HOLDFAST_CONFIG: z.string().optional(),
      OPENAI_BASE_URL: setting.providerUrl,
      OPENAI_BACKGROUND: setting.providerRunsInBackground,
    },
    env,
  );
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
    maxAnswerBytes: settings.MAX_ANSWER_MB * 1_048_576,
    ...content,
    tasks: content.loaded.tasks,
    warnings: [...content.warnings, ...warnOfUnknownSettings(env, namedVariables(content))],
    providerKeys: Object.fromEntries(names.map((name) => [name, env[name] || undefined])),
  });
}
