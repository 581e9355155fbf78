/**
 * Settings of the `holdfast` command, and the only place where it reads the environment:
 *
 *   HOLDFAST_URL            http://127.0.0.1:3000: the API
 *   HOLDFAST_API_KEY        unset: the one that `npm start` has stored in the data directory
 *   HOLDFAST_CONSOLE_URL    http://127.0.0.1:3001: the console
 *   HOLDFAST_ADMIN_KEY      likewise; or an API key of the scope `admin`, for its own tenant's keys
 *   HOLDFAST_DATA_DIR       .holdfast
 */

import { resolve } from 'node:path';
import { ADMIN_PATH } from '@holdfast/admin';
import { serverRootOf } from '@holdfast/client/http';
import { readSettings } from '@holdfast/service/settings';
import { z } from 'zod';

/** Where the admin API begins on the console. */

/** An address that requests can go to, as people write it: the root of the server. @param apiPath may be named at its end */
function serverUrl(apiPath?: string) {
  return z.string().transform((text, context) => {
    try {
      return serverRootOf(text, { apiPath });
    } catch (error) {
      context.addIssue({ code: 'custom', message: `it ${(error as TypeError).message}` });
      return z.NEVER;
    }
  });
}

export const apiUrl = serverUrl();
export const consoleUrl = serverUrl(ADMIN_PATH);

/** Characters that a header accepts. Checked here, because the error of a header would show the key. */
const key = z.string().regex(/^[\x21-\x7e]+$/, 'visible ASCII characters, without spaces');

const shape = {
  HOLDFAST_URL: apiUrl.default('http://127.0.0.1:3000'),
  HOLDFAST_API_KEY: key.optional(),
  HOLDFAST_CONSOLE_URL: consoleUrl.default('http://127.0.0.1:3001'),
  HOLDFAST_ADMIN_KEY: key.optional(),
  HOLDFAST_DATA_DIR: z.string().default('.holdfast'),
};

export interface CliConfig {
  apiUrl: string;
  apiKey: string | null;
  consoleUrl: string;
  adminKey: string | null;
  /** Absolute. */
  dataDir: string;
}

/** @throws SettingsError that names every wrong variable */
export function readConfig(env: NodeJS.ProcessEnv): CliConfig {
  const set = readSettings(shape, env);
  return Object.freeze({
    apiUrl: set.HOLDFAST_URL,
    apiKey: set.HOLDFAST_API_KEY ?? null,
    consoleUrl: set.HOLDFAST_CONSOLE_URL,
    adminKey: set.HOLDFAST_ADMIN_KEY ?? null,
    dataDir: resolve(set.HOLDFAST_DATA_DIR),
  });
}
