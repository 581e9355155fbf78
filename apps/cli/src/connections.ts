/** The two servers that a command may call. Address and key come from options, environment or the data directory. */
import { Holdfast, type RetryOptions } from '@holdfast/client';
import { Http } from '@holdfast/client/http';
import type { Command } from 'commander';
import { AdminApi } from './admin-api.ts';
import { ADMIN_PATH, type CliConfig } from './config.ts';
import { storedKey } from './stored-key.ts';

/** A person waits: a failure is reported soon, and a long Retry-After is reported instead of waited for. */
const retry: RetryOptions = { maxRetries: 2, baseDelayMs: 200, maxDelayMs: 2_000, maxRetryAfterMs: 2_000 };
const REQUEST_TIMEOUT_MS = 15_000;
const USER_AGENT = 'holdfast-cli';

export interface GlobalOptions {
  json?: true;
  url?: string;
  consoleUrl?: string;
}

/** The client of the API. @throws CliError without a key */
export function holdfastOf(config: CliConfig, command: Command): Holdfast {
  const { url: baseUrl = config.apiUrl } = command.optsWithGlobals<GlobalOptions>();
  const wanted = { variable: 'HOLDFAST_API_KEY', member: 'bootstrap_key' } as const;
  const apiKey = config.apiKey ?? storedKey(config.dataDir, baseUrl, wanted);
  return new Holdfast({ baseUrl, apiKey, retry, requestTimeoutMs: REQUEST_TIMEOUT_MS, userAgent: USER_AGENT });
}

/** The admin API. @throws CliError without a key */
export function adminOf(config: CliConfig, command: Command): AdminApi {
  const { consoleUrl: baseUrl = config.consoleUrl } = command.optsWithGlobals<GlobalOptions>();
  const wanted = { variable: 'HOLDFAST_ADMIN_KEY', member: 'admin_key' } as const;
  const apiKey = config.adminKey ?? storedKey(config.dataDir, baseUrl, wanted);
  const options = { apiPath: ADMIN_PATH, apiKey, retry, requestTimeoutMs: REQUEST_TIMEOUT_MS, userAgent: USER_AGENT };
  return new AdminApi(new Http({ baseUrl, fetch, ...options }));
}
