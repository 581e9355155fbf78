/**
 * The config file (HOLDFAST_CONFIG, default `holdfast.config.json` or `holdfast.config.ts`, optional): read, checked,
 * unknown members refused. A `.ts` or `.js` file exports the same object as its default.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { type Lanes, lanesSchema, type Plans, type Prices, plansSchema, pricesSchema } from '@holdfast/core';
import { z } from 'zod';
import { SettingsError } from './settings.ts';

/** Settings of tasks, by their names. */
const tasksSchema = z.record(z.string(), z.strictObject({ model: z.string().min(1).max(256) }));

const configSchema = z.strictObject({
  lanes: lanesSchema.optional(),
  plans: plansSchema.default({}),
  prices: pricesSchema.default({}),
  tasks: tasksSchema.default({}),
});

export interface ConfigFile {
  lanes: Lanes;
  plans: Plans;
  prices: Prices;
  tasks: z.output<typeof tasksSchema>;
}

const DEFAULT_CONFIG_FILES = ['holdfast.config.json', 'holdfast.config.ts'];

/** One lane for every model, to `baseUrl`. */
export function defaultLanes(baseUrl: string): Lanes {
  return {
    default: {
      models: ['*'],
      providers: [{ name: 'main', base_url: baseUrl, api_key_env: 'OPENAI_API_KEY' }],
      limits: {},
      // Not every provider can; a lane that says it can is written down.
      background: false,
      idempotency_header: false,
    },
  };
}

/**
 * What the config file says; `defaultLanes(baseUrl)`, no plans, prices and tasks where it says nothing, or isn't there.
 * @param file named by the user (then it must exist), or undefined
 * @param check throws RangeError where something in it isn't known to the app
 * @throws SettingsError naming file, path, what was expected and what was got
 */
export function readConfigFile(
  file: string | undefined,
  baseUrl: string,
  check: (config: ConfigFile) => void = () => undefined,
): ConfigFile {
  const path = file ?? DEFAULT_CONFIG_FILES.find((name) => existsSync(name));
  const content = path === undefined ? {} : readContent(path);
  const result = configSchema.safeParse(content, { reportInput: true });
  if (!result.success) {
    const lines = result.error.issues.map(
      (issue) => `  ${issue.path.join('.') || '(top level)'}: ${sentenceOf(issue)}`,
    );
    throw new SettingsError(`${path} doesn't fit:\n${lines.join('\n')}`);
  }
  const { lanes = defaultLanes(baseUrl), ...rest } = result.data;
  const config = { lanes, ...rest };
  try {
    check(config);
  } catch (error) {
    if (error instanceof RangeError) throw new SettingsError(`${path} doesn't fit:\n  ${error.message}`);
    throw error;
  }
  return config;
}

function readContent(path: string): unknown {
  const isModule = /\.[cm]?[jt]s$/.test(path);
  try {
    if (!isModule) return JSON.parse(readFileSync(path, 'utf8'));
    const module: unknown = createRequire(import.meta.url)(resolve(path));
    return (module as { default?: unknown }).default ?? module;
  } catch (error) {
    throw new SettingsError(`${path} can't be read as ${isModule ? 'a module' : 'JSON'}: ${(error as Error).message}`);
  }
}

/** What was expected, and what was got where that is short: the file holds no secrets. */
function sentenceOf({ message, input }: z.core.$ZodIssue): string {
  const got = JSON.stringify(input);
  return got === undefined || got.length > 80 ? message : `${message}; got ${got}`;
}
