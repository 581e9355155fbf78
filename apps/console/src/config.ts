/** The console's settings, and the only place where it reads the environment. */
import type { Lanes, Plans } from '@holdfast/core';
import {
  keyVariables,
  type MetricsSettings,
  metricsSettings,
  readConfigFile,
  readSettings,
  setting,
  warnOfUnknownSettings,
} from '@holdfast/service';
import { loadTasks } from '@holdfast/tasks/load';
import { z } from 'zod';

const shape = {
  CONSOLE_PORT: setting.port(3001),
  PORT: setting.port(3000),
  HOST: z.string().default('127.0.0.1'),
  REDIS_URL: setting.redisUrl,
  HOLDFAST_PREFIX: setting.prefix,
  HOLDFAST_ADMIN_KEY: z.string('a secret of at least 24 characters').regex(/^[\x21-\x7e]{24,200}$/, {
    error: '24 to 200 visible ASCII characters, without spaces',
  }),
  LOG_LEVEL: setting.logLevel,
  METRICS_PORT: setting.portIfAny,
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_TOKEN: setting.metricsToken,
  METRICS_OPEN: z.enum(['true', 'false'], 'expected true or false').default('false'),
  HOLDFAST_CONFIG: z.string().optional(),
  OPENAI_BASE_URL: setting.providerUrl,
  OPENAI_BACKGROUND: setting.providerRunsInBackground,
  HOLDFAST_API_URL: z
    .url({
      protocol: /^https?$/,
      error: 'an address such as https://holdfast.example.com, with its http:// or https://',
    })
    .optional(),
};

export interface ConsoleConfig {
  port: number;
  host: string;
  redisUrl: string;
  prefix: string;
  adminKey: string;
  logLevel: string;
  /** null: its metrics are not served. */
  metrics: MetricsSettings | null;
  lanes: Lanes;
  /** The plans that tenants can have. */
  plans: Plans;
  /** Names of the tasks to which keys can be limited. */
  tasks: readonly string[];
  /** Where people reach the API, for the link to its docs: HOLDFAST_API_URL, or PORT of this machine. */
  apiUrl: string;
  warnings: readonly string[];
}

/** @throws SettingsError that names every wrong variable */
export function readConfig(env: NodeJS.ProcessEnv): ConsoleConfig {
  const settings = readSettings(shape, env);
  const { lanes, plans, loaded } = readConfigFile(settings.HOLDFAST_CONFIG, settings.OPENAI_BASE_URL, {
    load: loadTasks,
    background: settings.OPENAI_BACKGROUND,
  });
  return Object.freeze({
    port: settings.CONSOLE_PORT,
    host: settings.HOST,
    redisUrl: settings.REDIS_URL,
    prefix: settings.HOLDFAST_PREFIX,
    adminKey: settings.HOLDFAST_ADMIN_KEY,
    logLevel: settings.LOG_LEVEL,
    metrics: metricsSettings(settings),
    lanes,
    plans,
    tasks: [...loaded.tasks.keys()],
    warnings: warnOfUnknownSettings(env, keyVariables(lanes)),
    apiUrl: (settings.HOLDFAST_API_URL ?? `http://127.0.0.1:${settings.PORT}`).replace(/(?:\/v1)?\/*$/, ''),
  });
}
