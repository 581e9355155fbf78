/** Lanes: which models share a provider account. A model goes to the first lane with a pattern that fits. */
import { z } from 'zod';
import { laneLimitsSchema } from './limits.ts';

const laneName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-", starting with a letter');

const variableName = z.string().regex(/^[a-z_][a-z0-9_]*$/i, 'expected the name of an environment variable');

/** A value, or the name of the environment variable that holds it: secrets don't belong into a file. */
const headerValue = z.union([z.string().max(8_192), z.strictObject({ env: variableName })]);

const providerSchema = z.strictObject({
  name: z.string().min(1).max(64),
  base_url: z.url({ protocol: /^https?$/, error: 'expected an http(s) address' }),
  /** Name of the environment variable that holds the key: keys don't belong into a file. */
  api_key_env: variableName.optional(),
  /** Sent with every request, as Azure's `api-key`. */
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header'), headerValue)
    .optional(),
  /** Sent with every request, as Azure's `api-version`. */
  query: z.record(z.string().min(1), z.string()).optional(),
  /** Asked for instead of the job's model; for a fallback that serves another one. */
  model: z.string().min(1).max(256).optional(),
  /** What it calls a model, by the name that jobs call it. */
  models: z.record(z.string().min(1), z.string().min(1).max(256)).optional(),
  /** false: answers are asked for in one piece. Default: streamed, as far as the provider goes along. */
  stream: z.boolean().optional(),
  /** false: `stream_options` isn't sent. Default: sent, as far as the provider goes along. */
  stream_options: z.boolean().optional(),
  /** How long the first byte of an answer is waited for, in ms. Default 120,000. */
  first_byte_timeout_ms: z.int().min(100).max(3_600_000).optional(),
  /** How long it may say nothing, comments included, once it has begun to answer, in ms. Default 300,000. */
  idle_timeout_ms: z.int().min(100).max(3_600_000).optional(),
});

/** Of a lane that doesn't say `max_calls`. */
export const DEFAULT_MAX_CALLS = 6;

const laneSchema = z
  .strictObject({
    models: z.array(z.string().min(1)).min(1).meta({ description: 'Model names; `*` stands for any characters.' }),
    providers: z
      .array(providerSchema)
      .min(1)
      .max(10)
      .refine((providers) => new Set(providers.map(({ name }) => name)).size === providers.length, 'names must differ')
      .meta({ description: 'Upstreams, in the order in which they are tried.' }),
    limits: laneLimitsSchema.default({}),
    background: z
      .boolean()
      .optional()
      .meta({
        description:
          'The provider runs `responses` in the background, and one that was begun can be taken up again. ' +
          'Default: true where all providers are OpenAI itself, else false.',
      }),
    idempotency_header: z.boolean().default(false).meta({
      description: 'The provider honors `Idempotency-Key`: a call that is repeated under it is paid once.',
    }),
    max_calls: z.int().min(1).max(100).default(DEFAULT_MAX_CALLS).meta({
      description: 'Provider calls for one answer that may have been paid, over all attempts; then the job fails.',
    }),
  })
  .transform((lane) => ({
    ...lane,
    background: lane.background ?? lane.providers.every(({ base_url }) => isOpenAi(base_url)),
  }));

/** Whether an address is OpenAI's own: it runs `responses` in the background. */
export function isOpenAi(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === 'api.openai.com' || hostname.endsWith('.api.openai.com');
}

/** Names of the environment variables that hold a provider's secrets. */
export function secretsOf({ api_key_env, headers = {} }: z.infer<typeof providerSchema>): string[] {
  const ofHeaders = Object.values(headers).flatMap((value) => (typeof value === 'string' ? [] : value.env));
  return [...(api_key_env ? [api_key_env] : []), ...ofHeaders];
}

/**
 * Where followers wait: jobs that may be answered by an equal one. A lane of the queue only: no limit counts in it, because
 * nothing in it calls a provider, and no configured lane can have its name.
 */
export const followersLane = '~followers';

export const lanesSchema = z
  .record(laneName, laneSchema)
  .refine((lanes) => Object.keys(lanes).length > 0, 'name at least one lane')
  .superRefine((lanes, { addIssue }) => {
    for (const [lane, why] of lanesNeverReached(lanes))
      addIssue({ code: 'custom', path: [lane, 'models'], message: why });
  });

export type Lanes = z.infer<typeof lanesSchema>;

/** Whether a model's name fits a pattern; `*` stands for any characters. */
export function fitsModel(pattern: string, model: string): boolean {
  const expression = pattern
    .split('*')
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`, 's').test(model);
}

/**
 * Lanes that no model gets to, each with the reason. That a pattern fits another one, taken as a name, says that it fits
 * every name that one does: the other's `*` is met by a `*` only.
 */
function lanesNeverReached(lanes: Readonly<Record<string, { models: readonly string[] }>>): [string, string][] {
  const before: { lane: string; pattern: string }[] = [];
  return Object.entries(lanes).flatMap(([lane, { models }]): [string, string][] => {
    const takers = models.flatMap((model) => before.find(({ pattern }) => fitsModel(pattern, model)) ?? []);
    before.push(...models.map((pattern) => ({ lane, pattern })));
    const [taker] = takers;
    if (!taker || takers.length < models.length) return [];
    return [[lane, `no model gets here: "${taker.pattern}" of lane ${taker.lane}, before it, takes "${models[0]}"`]];
  });
}

/** Name of the lane that serves `model`, or null when none does. */
export function laneFor(lanes: Lanes, model: string): string | null {
  for (const [name, lane] of Object.entries(lanes)) {
    if (lane.models.some((pattern) => fitsModel(pattern, model))) return name;
  }
  return null;
}
