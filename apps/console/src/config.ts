/** The console's settings, and the only place where it reads the environment. */
import type { Lanes, Plans } from '@holdfast/core';
import { namedVariables, readConfigFile, readSettings, setting, warnOfUnknownSettings } from '@holdfast/service';
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
  const file = readConfigFile(settings.HOLDFAST_CONFIG, settings.OPENAI_BASE_URL, {
    load: loadTasks,
    background: settings.OPENAI_BACKGROUND,
  });
  const { lanes, plans, loaded } = file;
  return Object.freeze({
    port: settings.CONSOLE_PORT,
    host: settings.HOST,
    redisUrl: settings.REDIS_URL,
    prefix: settings.HOLDFAST_PREFIX,
    adminKey: settings.HOLDFAST_ADMIN_KEY,
    logLevel: settings.LOG_LEVEL,
    lanes,
    plans,
    tasks: [...loaded.tasks.keys()],
    warnings: warnOfUnknownSettings(env, namedVariables(file)),
    apiUrl: (settings.HOLDFAST_API_URL ?? `http://127.0.0.1:${settings.PORT}`).replace(/(?:\/v1)?\/*$/, ''),
  });
}
