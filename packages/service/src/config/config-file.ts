/**
 * The config file (HOLDFAST_CONFIG, default `holdfast.config.json` or `holdfast.config.ts`, optional). Unknown members are refused.
 * A `.ts` or `.js` file exports the same object as its default.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type Alerts,
  alertsSchema,
  CodedError,
  canonicalJson,
  DEFAULT_MAX_CALLS,
  isOpenAi,
  type JsonValue,
  type Lanes,
  lanesSchema,
  type Plans,
  type Prices,
  plansSchema,
  pricesSchema,
  secretsOf,
} from '@holdfast/core';
import { z } from 'zod';
import { invalidConfigFile, readConfigContent } from './config-content.ts';
import { describeConfigIssue, expectation } from './describe-config-issue.ts';
import { SettingsError } from './settings.ts';

/** Settings of tasks, by their names. */
const tasksSchema = z.record(z.string(), z.strictObject({ model: z.string().min(1).max(256) }));

/** Whether clients see the messages of errors that a task's code throws: these may quote a prompt. */
const taskErrorMessageSchema = z.enum(['hide', 'show'], 'expected "hide" or "show"');

const taskFilesSchema = z.array(z.string().min(1), 'expected a list of paths, patterns and packages');

/** What a config file may hold. */
export const configSchema = z.strictObject({
  lanes: lanesSchema.optional(),
  plans: plansSchema.default({}),
  prices: pricesSchema.default({}),
  task_files: taskFilesSchema.optional(),
  tasks: tasksSchema.default({}),
  task_error_message: taskErrorMessageSchema.default('hide'),
  alerts: alertsSchema.optional(),
});

export interface ConfigFile {
  lanes: Lanes;
  plans: Plans;
  prices: Prices;
  /** Modules whose tasks are served; undefined: the file names none. */
  task_files?: string[] | undefined;
  tasks: z.output<typeof tasksSchema>;
  task_error_message: z.output<typeof taskErrorMessageSchema>;
  alerts?: Alerts | undefined;
}

/** What an app loads by a config file. */
export interface Loaded {
  /** Changes when the loaded things change. */
  digest: string;
  warnings: readonly string[];
}

export interface ReadConfig<App extends Loaded> extends ConfigFile {
  /** Absolute; null: there is no file. */
  file: string | null;
  /** What the app has loaded by the file. */
  loaded: App;
  /** Processes with different digests run with different files. */
  configDigest: string;
  warnings: readonly string[];
}

/** The parts of reading a config file that only an app can do. */
export interface ConfigOptions<App extends Loaded> {
  /**
   * Loads what the file names, and checks it. Throws RangeError where the app doesn't know something in the file, CodedError
   * where the fault is not in the file. `file` is absolute; null: there is no file.
   */
  load: (config: ConfigFile, file: string | null) => App;
  /** The environment that should have the providers' API keys: a warning names each variable that isn't set. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Whether the provider at `baseUrl` runs responses in the background. Default: where it is OpenAI itself. */
  background?: boolean | undefined;
}

/** The variables that hold the secrets of the lanes' providers. */
export function keyVariables(lanes: Lanes): string[] {
  return Object.values(lanes).flatMap(({ providers }) => providers.flatMap(secretsOf));
}

/** All variables that the file names. */
export function namedVariables({ lanes, alerts }: Pick<ConfigFile, 'lanes' | 'alerts'>): string[] {
  return alerts ? [...keyVariables(lanes), alerts.webhook.secret_env] : keyVariables(lanes);
}

const DEFAULT_CONFIG_FILES = ['holdfast.config.json', 'holdfast.config.ts'];

/** One lane for all models, with the provider at `baseUrl`. */
export function defaultLanes(baseUrl: string, background = isOpenAi(baseUrl)): Lanes {
  return {
    default: {
      models: ['*'],
      providers: [{ name: 'main', base_url: baseUrl, api_key_env: 'OPENAI_API_KEY' }],
      limits: {},
      background,
      idempotency_header: false,
      max_calls: DEFAULT_MAX_CALLS,
    },
  };
}

/**
 * Reads the config file. Defaults, also without a file: `defaultLanes(baseUrl)`, and no plans, prices and tasks.
 * @param named the file that the user named, which must exist; or undefined
 * @throws SettingsError with file, path, what was expected and what was found
 */
export function readConfigFile<App extends Loaded>(
  named: string | undefined,
  baseUrl: string,
  { load, env, background }: ConfigOptions<App>,
): ReadConfig<App> {
  const path = named ?? DEFAULT_CONFIG_FILES.find((name) => existsSync(name));
  const content = path === undefined ? {} : readConfigContent(path);
  const result = configSchema.safeParse(content, { reportInput: true, error: expectation });
  if (!result.success) throw invalidConfigFile(String(path), result.error.issues.flatMap(describeConfigIssue));
  const { lanes = defaultLanes(baseUrl, background), ...rest } = result.data;
  const config = { lanes, ...rest };
  const file = path === undefined ? null : resolve(path);
  try {
    const unset = env ? unsetKeys(lanes, env, result.data.lanes === undefined) : [];
    const loaded = load(config, file);
    const warnings = [...loaded.warnings, ...unset];
    return { ...config, file, loaded, configDigest: digestOf(config, loaded.digest), warnings };
  } catch (error) {
    if (error instanceof RangeError) throw invalidConfigFile(String(path), [error.message]);
    // The fault is not in the file, so the message is shown alone.
    if (error instanceof CodedError) throw new SettingsError(error.message, { cause: error });
    throw error;
  }
}

function digestOf(config: ConfigFile, loaded: string): string {
  const text = canonicalJson({ config, loaded } as unknown as JsonValue);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Warnings of missing API keys. The provider of the default lane may need none, unless it is OpenAI. */
function unsetKeys(lanes: Lanes, env: NodeJS.ProcessEnv, isDefault: boolean): string[] {
  return Object.entries(lanes).flatMap(([lane, { providers }]) =>
    providers.flatMap((provider) => {
      const { name, base_url: address } = provider;
      const place = `provider ${name} of lane ${lane}`;
      const needsKey = isOpenAi(address);
      const variables = secretsOf(provider);
      if (variables.length === 0) {
        return needsKey ? [`${place} has no api_key_env, and ${address} refuses every call without a key`] : [];
      }
      if (isDefault && !needsKey) return [];
      const fix = isDefault ? '. Set it, or OPENAI_BASE_URL for another provider' : '';
      const what = needsKey ? `is ${address}, which refuses every call without a key${fix}` : 'is called without it';
      return variables
        .filter((variable) => !env[variable])
        .map((variable) => `${variable} is not set: ${place} ${what}`);
    }),
  );
}
