/** Settings: environment variables, read once, checked and frozen. Only each app's `config.ts` calls this. */
import { isIP } from 'node:net';
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
    const shown =
      name in given && !/KEY|URL|SECRET|TOKEN|ENDPOINT|HEADERS/.test(name) ? ` (it is "${given[name]}")` : '';
    return `  ${name}${shown}: ${issue.message}`;
  });
  throw new SettingsError(`These settings are not valid:\n${lines.join('\n')}`);
}

/** As OTEL_TRACES_SAMPLER has them. */
const traceSamplers = ['always_on', 'always_off', 'traceidratio'] as const;
const parentBased = traceSamplers.map((name) => `parentbased_${name}` as const);
export type TraceSampler = (typeof traceSamplers)[number] | (typeof parentBased)[number];

/** An IP address, or a range of them (CIDR). */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
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
  archiveUrl: z.url({
    protocol: /^postgres(?:ql)?$/,
    error: 'expected a PostgreSQL address such as postgres://user:password@127.0.0.1:5432/holdfast',
  }),
  providerUrl: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) address' })
    .default('https://api.openai.com/v1'),
  /** Whether the provider at OPENAI_BASE_URL runs responses in the background. Default: true for OpenAI itself. */
  providerRunsInBackground: z
    .enum(['true', 'false'], 'expected true or false')
    .transform((value) => value === 'true')
    .optional(),
  text: z.string().optional(),
  flag: z
    .enum(['true', 'false'], 'expected true or false')
    .default('false')
    .transform((value) => value === 'true'),
  /** Of OpenTelemetry. */
  collectorUrl: z.url({ protocol: /^https?$/, error: 'expected an http(s) address' }).optional(),
  traceSampler: z
    .enum([...traceSamplers, ...parentBased], `expected one of ${[...traceSamplers, ...parentBased].join(', ')}`)
    .default('parentbased_always_on'),
  traceRatio: z.coerce.number('expected a number, 0 to 1').min(0).max(1).default(1),
  /** The proxies whose X-Forwarded-For counts: how many there are, or their addresses. Default: none. */
  trustProxy: z
    .string()
    .transform((text, { addIssue }) => {
      if (/^\d{1,2}$/.test(text)) return Number(text);
      const addresses = text.split(',').map((one) => one.trim());
      if (addresses.every(isNetwork)) return addresses;
      addIssue({ code: 'custom', message: 'expected a number of proxies, or addresses such as 10.0.0.0/8, 127.0.0.1' });
      return z.NEVER;
    })
    .optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** The beginning of every Redis key, so that two installations can share one Redis. */
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and "-", starting with a letter')
    .default('hf'),
} as const;
