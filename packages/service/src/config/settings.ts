/** Settings: environment variables, read once, checked and frozen. Only each app's `config.ts` calls this. */
import { z } from 'zod';

/** A setting is wrong. The message has the variable, its value and what is expected, and is shown alone. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the variables that `shape` names. An empty variable counts as unset.
 * @throws SettingsError with every wrong variable
 */
export function readSettings<Shape extends z.ZodRawShape>(shape: Shape, env: NodeJS.ProcessEnv) {
  const given = Object.fromEntries(
    Object.keys(shape)
      .map((name) => [name, env[name]])
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = z.object(shape).safeParse(given);
  if (result.success) return Object.freeze(result.data);
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    // Keys and passwords don't belong on a screen or in a log.
    const shown = name in given && !/KEY|URL|SECRET|TOKEN/.test(name) ? ` (it is "${given[name]}")` : '';
    return `  ${name}${shown}: ${issue.message}`;
  });
  throw new SettingsError(`These settings are not valid:\n${lines.join('\n')}`);
}

/** Shapes that several apps' settings share. */
export const setting = {
  port: (fallback: number) => z.coerce.number('expected a port, 0 to 65535').int().min(0).max(65_535).default(fallback),
  /** Unset: none. */
  portIfAny: z.coerce.number('expected a port, 0 to 65535').int().min(0).max(65_535).optional(),
  metricsToken: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, 'expected 16 to 200 visible ASCII characters, without spaces')
    .optional(),
  count: (fallback: number, max: number) =>
    z.coerce.number(`expected a whole number, 1 to ${max}`).int().min(1).max(max).default(fallback),
  hours: (fallback: number) =>
    z.coerce
      .number('expected a number of hours')
      .positive()
      .max(24 * 365)
      .default(fallback),
  redisUrl: z.url({ protocol: /^rediss?$/, error: 'expected a Redis address such as redis://127.0.0.1:6379' }),
  providerUrl: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) address' })
    .default('https://api.openai.com/v1'),
  /** Whether the provider at OPENAI_BASE_URL runs responses in the background. Default: true for OpenAI itself. */
  providerRunsInBackground: z
    .enum(['true', 'false'], 'expected true or false')
    .transform((value) => value === 'true')
    .optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** The beginning of every Redis key, so that two installations can share one Redis. */
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and "-", starting with a letter')
    .default('hf'),
} as const;
