/** The two servers that a command may call. Address and key come from options, environment or the data directory. */
import { ADMIN_PATH, AdminClient } from '@holdfast/admin';
import { Holdfast, type RetryOptions } from '@holdfast/client';
import { Http } from '@holdfast/client/http';
import type { Command } from 'commander';
import type { CliConfig } from './config.ts';
import { CliError } from './output/failures.ts';
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

/** The admin API. Only what is safe to send twice is repeated. @throws CliError without a key, and for a text that is no id */
export function adminOf(config: CliConfig, command: Command): AdminClient {
  const { consoleUrl: baseUrl = config.consoleUrl } = command.optsWithGlobals<GlobalOptions>();
  const wanted = { variable: 'HOLDFAST_ADMIN_KEY', member: 'admin_key' } as const;
  const apiKey = config.adminKey ?? storedKey(config.dataDir, baseUrl, wanted);
  const options = { apiPath: ADMIN_PATH, apiKey, retry, requestTimeoutMs: REQUEST_TIMEOUT_MS, userAgent: USER_AGENT };
  const http = new Http({ baseUrl, fetch, ...options });
  return new AdminClient(async ({ method, path, body }) => {
    // Sent again, a create would make a second key that nobody knows of, and a revoke would be answered as unknown.
    const once = method === 'POST' || method === 'DELETE';
    const mayRepeat = ({ retryable }: { retryable: boolean }) => retryable && !once;
    return (await http.send({ method, path, body, mayRepeat })).body;
  });
}

/** A part of a path. @throws CliError for a text that would name another path */
export function idOf(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new CliError(`"${text}" is no id.`);
  return text;
}
