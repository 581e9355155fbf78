/** The console's settings, and the only place where it reads the environment. */
import { type WebhookTarget, webhookTarget } from '@holdfast/alerts';
import type { Alerts, Lanes, Plans, Prices } from '@holdfast/core';
import { type DurabilityMode, durabilityModes } from '@holdfast/redis';
import {
  type MetricsSettings,
  metricsSettings,
  metricsVariables,
  namedVariables,
  readBinding,
  readConfigFile,
  readSettings,
  setting,
  warnOfUnknownSettings,
} from '@holdfast/service';
import type { TlsFiles } from '@holdfast/service/http';
import type { Task } from '@holdfast/tasks';
import { loadTasks } from '@holdfast/tasks/load';
import { z } from 'zod';
import { type OidcConfig, readOidc, readRoles } from './oidc/oidc-config.ts';

const shape = {
  CONSOLE_PORT: setting.port(3001),
  PORT: setting.port(3000),
  HOST: z.string().default('127.0.0.1'),
  REDIS_URL: setting.redisUrl,
  HOLDFAST_PREFIX: setting.prefix,
  HOLDFAST_ADMIN_KEY: z.string('a secret of at least 24 characters').regex(/^[\x21-\x7e]{24,200}$/, {
    error: '24 to 200 visible ASCII characters, without spaces',
  }),
  CONSOLE_TLS_CERT: z.string().optional(),
  CONSOLE_TLS_KEY: z.string().optional(),
  CONSOLE_INSECURE_HTTP: setting.flag,
  TRUST_PROXY: setting.trustProxy,
  CONSOLE_URL: z
    .url({
      protocol: /^https?$/,
      error: 'an address such as https://console.example.com, with its http:// or https://',
    })
    .optional(),
  OIDC_ISSUER: z.url({ protocol: /^https?$/, error: 'an address such as https://login.example.com' }).optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_SCOPES: z.string().default('openid email profile'),
  OIDC_ROLE_CLAIM: z.string().default('holdfast_role'),
  OIDC_ROLES: z.string().transform(readRoles).optional(),
  OIDC_BUTTON: z.string().max(100).default('Continue with single sign-on'),
  LOG_LEVEL: setting.logLevel,
  DURABILITY: z.enum(durabilityModes, `expected one of ${durabilityModes.join(', ')}`).default('fsync'),
  RETENTION_HOURS: setting.hours(24),
  MAX_BODY_MB: setting.count(10, 100),
  ARCHIVE_URL: setting.archiveUrl.optional(),
  ...metricsVariables,
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
  /** null: plain HTTP. */
  tls: TlsFiles | null;
  /** The proxies whose X-Forwarded-For counts: how many, or their addresses. */
  trustProxy: number | readonly string[] | undefined;
  redisUrl: string;
  prefix: string;
  adminKey: string;
  logLevel: string;
  durability: DurabilityMode;
  /** How long a job is stored after its end, in ms. */
  retentionMs: number;
  /** Of the input of a job that is run again, changed. */
  maxBodyBytes: number;
  /** PostgreSQL with the jobs that Redis no longer has; null: there is none. */
  archiveUrl: string | null;
  /** null: its metrics are not served. */
  metrics: MetricsSettings | null;
  lanes: Lanes;
  prices: Prices;
  /** The plans that tenants can have. */
  plans: Plans;
  /** Built-in tasks and those of the config file, by their names. */
  tasks: ReadonlyMap<string, Task>;
  /** What is reported where; null: the config file has no alerts. */
  alerting: { alerts: Alerts; target: WebhookTarget } | null;
  /** All processes should have the same. */
  configDigest: string;
  /** Where people reach the API, for the link to its docs: HOLDFAST_API_URL, or PORT of this machine. */
  apiUrl: string;
  /** Single sign-on; null: there is none. */
  oidc: OidcConfig | null;
  /** The settings of this process, without secrets. */
  shownSettings: readonly ShownSetting[];
  warnings: readonly string[];
}

export interface ShownSetting {
  name: string;
  value: string;
  from: 'environment' | 'default';
}

/** @throws SettingsError that names every wrong variable */
export function readConfig(env: NodeJS.ProcessEnv): ConsoleConfig {
  const settings = readSettings(shape, env);
  const tls = readBinding(
    {
      host: settings.HOST,
      certFile: settings.CONSOLE_TLS_CERT,
      keyFile: settings.CONSOLE_TLS_KEY,
      insecureHttp: settings.CONSOLE_INSECURE_HTTP,
    },
    {
      server: 'The console',
      cert: 'CONSOLE_TLS_CERT',
      key: 'CONSOLE_TLS_KEY',
      insecureHttp: 'CONSOLE_INSECURE_HTTP',
    },
  );
  const file = readConfigFile(settings.HOLDFAST_CONFIG, settings.OPENAI_BASE_URL, {
    load: (config, path) => ({
      ...loadTasks(config, path),
      alertTarget: config.alerts ? webhookTarget(config.alerts, env) : null,
    }),
    background: settings.OPENAI_BACKGROUND,
  });
  const { lanes, plans, prices, alerts, loaded, configDigest } = file;
  return Object.freeze({
    port: settings.CONSOLE_PORT,
    host: settings.HOST,
    tls,
    trustProxy: settings.TRUST_PROXY,
    redisUrl: settings.REDIS_URL,
    prefix: settings.HOLDFAST_PREFIX,
    adminKey: settings.HOLDFAST_ADMIN_KEY,
    logLevel: settings.LOG_LEVEL,
    durability: settings.DURABILITY,
    retentionMs: settings.RETENTION_HOURS * 3_600_000,
    maxBodyBytes: settings.MAX_BODY_MB * 1_000_000,
    archiveUrl: settings.ARCHIVE_URL ?? null,
    metrics: metricsSettings(settings),
    lanes,
    plans,
    prices,
    tasks: loaded.tasks,
    alerting: alerts && loaded.alertTarget ? { alerts, target: loaded.alertTarget } : null,
    configDigest,
    oidc: readOidc(settings),
    shownSettings: showSettings(settings, env),
    warnings: warnOfUnknownSettings(env, namedVariables(file)),
    apiUrl: (settings.HOLDFAST_API_URL ?? `http://127.0.0.1:${settings.PORT}`).replace(/(?:\/v1)?\/*$/, ''),
  });
}

/** Of keys and addresses, which may hold passwords, only whether they are set. */
function showSettings(settings: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): ShownSetting[] {
  return Object.keys(shape).map((name) => {
    const isSet = env[name] !== undefined && env[name] !== '';
    const value = isSet ? env[name] : settings[name];
    const shown = /KEY|URL|SECRET/.test(name) ? (value === undefined ? '' : '(set)') : String(value ?? '');
    return { name, value: shown, from: isSet ? 'environment' : 'default' };
  });
}
