/** The config file (HOLDFAST_CONFIG, default `holdfast.config.json`, optional): read, checked, unknown members refused. */
import { existsSync, readFileSync } from 'node:fs';
import { type Lanes, lanesSchema } from '@holdfast/core';
import { z } from 'zod';
import { SettingsError } from './settings.ts';

const configSchema = z.strictObject({ lanes: lanesSchema.optional() });

const DEFAULT_CONFIG_FILE = 'holdfast.config.json';

/** One lane for every model, to `baseUrl`. */
export function defaultLanes(baseUrl: string): Lanes {
  return {
    default: {
      models: ['*'],
      providers: [{ name: 'main', base_url: baseUrl, api_key_env: 'OPENAI_API_KEY' }],
      // Not every provider can; a lane that says it can is written down.
      background: false,
      idempotency_header: false,
    },
  };
}

/**
 * The lanes of the config file; `defaultLanes(baseUrl)` when there is no file, or none in it.
 * @param file named by the user (then it must exist), or undefined
 * @throws SettingsError naming file, path, and what was expected
 */
export function readLanes(file: string | undefined, baseUrl: string): Lanes {
  const path = file ?? DEFAULT_CONFIG_FILE;
  if (file === undefined && !existsSync(path)) return defaultLanes(baseUrl);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingsError(`${path} can't be read as JSON: ${(error as Error).message}`);
  }
  const result = configSchema.safeParse(content);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`);
    throw new SettingsError(`${path} doesn't fit:\n${lines.join('\n')}`);
  }
  return result.data.lanes ?? defaultLanes(baseUrl);
}
