/** How a command fails: one sentence on stderr, and an exit code. */
import { HoldfastApiError, HoldfastConnectionError } from '@holdfast/client';
import type { EndedStatus } from '@holdfast/core';
import { CommanderError } from 'commander';

export const exitCodes = { error: 1, usage: 2 } as const;

/** Of a job that was followed to its end. Different from those above, so that scripts can distinguish them. */
export const exitCodeOf: Record<EndedStatus, number> = { completed: 0, failed: 3, cancelled: 4 };

/** The command can't be done. The message is shown alone, and says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** The sentence for an error of a command; null: commander has printed it already. */
export function messageOf(error: unknown): string | null {
  if (error instanceof CommanderError) return null;
  if (error instanceof HoldfastApiError) return apiMessageOf(error);
  if (error instanceof HoldfastConnectionError) return `${error.message}${causeOf(error)}`;
  return error instanceof Error ? error.message : String(error);
}

export function exitCodeFor(error: unknown): number {
  if (!(error instanceof CommanderError)) return exitCodes.error;
  return error.exitCode === 0 ? 0 : exitCodes.usage;
}

/** What to do about an error of the server, in terms of the command line. */
const hints: Readonly<Record<string, string>> = {
  unauthenticated: ' Check HOLDFAST_API_KEY (for the console HOLDFAST_ADMIN_KEY).',
  tenant_not_found: ' `holdfast tenants set` creates it.',
};

function apiMessageOf(error: HoldfastApiError): string {
  const [first, ...others] = error.issues;
  const more = others.map(({ path, message }) => ` ${path}: ${message}.`).join('');
  // A problem's detail usually names the first field; otherwise the issue does.
  const field = first && !error.message.includes(first.path) ? `${first.path}: ` : '';
  const wait = error.retryAfterMs === null ? '' : ` Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.`;
  const hint = hints[error.code] ?? '';
  return `${field}${error.message}${more}${wait}${hint} (${error.code})`;
}

/** The system's own error, such as `ECONNREFUSED 127.0.0.1:3001`. It holds no key. */
function causeOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return '';
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  return inner.message ? ` (${inner.message})` : '';
}
