/** Lanes: which models share a provider account. A model goes to the first lane with a pattern that matches it. */
import { z } from 'zod';
import { laneLimitsSchema } from './limits.ts';

const laneName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-", starting with a letter');

const variableName = z.string().regex(/^[a-z_][a-z0-9_]*$/i, 'expected the name of an environment variable');

/** A value, or the name of the environment variable that holds it: secrets don't belong in a file. */
const headerValue = z.union([z.string().max(8_192), z.strictObject({ env: variableName })]);

const providerSchema = z.strictObject({
  name: z.string().min(1).max(64),
  base_url: z.url({ protocol: /^https?$/, error: 'expected an http(s) address' }),
  /** Name of the environment variable that holds the API key: secrets don't belong in a file. */
  api_key_env: variableName.optional(),
  /** Sent with every request, as Azure's `api-key`. */
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header'), headerValue)
    .optional(),
  /** Sent with every request, as Azure's `api-version`. */
  query: z.record(z.string().min(1), z.string()).optional(),
  /** Requested instead of the job's model, for a fallback that serves another model. */
  model: z.string().min(1).max(256).optional(),
  /** The provider's names of models, by the names that jobs use. */
  models: z.record(z.string().min(1), z.string().min(1).max(256)).optional(),
  /** false: answers are requested in one piece. Default: streamed, unless the provider refuses that. */
  stream: z.boolean().optional(),
  /** false: `stream_options` isn't sent. Default: sent, unless the provider refuses that. */
  stream_options: z.boolean().optional(),
  /** How long to wait for the first byte of an answer, in ms. Default 120,000. */
  first_byte_timeout_ms: z.int().min(100).max(3_600_000).optional(),
  /** The longest silence within an answer, in ms; comments end a silence too. Default 300,000. */
  idle_timeout_ms: z.int().min(100).max(3_600_000).optional(),
});

/** The default of a lane's `max_calls`. */
export const DEFAULT_MAX_CALLS = 6;

const laneSchema = z
  .strictObject({
    models: z.array(z.string().min(1)).min(1).meta({ description: 'Model names; `*` stands for any characters.' }),
    providers: z
      .array(providerSchema)
      .min(1)
      .max(10)
      .refine((providers) => new Set(providers.map(({ name }) => name)).size === providers.length, 'names must differ')
      .meta({ description: 'Upstream APIs, in the order in which they are tried.' }),
    limits: laneLimitsSchema.default({}),
    background: z
      .boolean()
      .optional()
      .meta({
        description:
          'The provider runs `responses` in the background, so that one that was begun can be resumed. ' +
          'Default: true where all providers are OpenAI itself, else false.',
      }),
    idempotency_header: z.boolean().default(false).meta({
      description: 'The provider honors `Idempotency-Key`: a call repeated with the same key is paid once.',
    }),
    max_calls: z.int().min(1).max(100).default(DEFAULT_MAX_CALLS).meta({
      description: 'How many provider calls for one answer may be charged, over all attempts, before the job fails.',
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
 * Where followers wait: jobs that an equal job may answer. It is a lane of the queue only, and has no limits, because nothing in
 * it calls a provider. No configured lane can have this name.
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

/** Whether a pattern matches a model's name; `*` stands for any characters. */
export function matchesModel(pattern: string, model: string): boolean {
  const expression = pattern
    .split('*')
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`, 's').test(model);
}

/**
 * Lanes that no model can reach, each with the reason. A pattern that matches another pattern's text also matches every name that
 * the other one matches, since only a `*` matches a `*`.
 */
function lanesNeverReached(lanes: Readonly<Record<string, { models: readonly string[] }>>): [string, string][] {
  const before: { lane: string; pattern: string }[] = [];
  return Object.entries(lanes).flatMap(([lane, { models }]): [string, string][] => {
    const takers = models.flatMap((model) => before.find(({ pattern }) => matchesModel(pattern, model)) ?? []);
    before.push(...models.map((pattern) => ({ lane, pattern })));
    const [taker] = takers;
    if (!taker || takers.length < models.length) return [];
    return [
      [
        lane,
        `no model reaches this lane: "${taker.pattern}" of lane ${taker.lane}, which comes first, matches "${models[0]}"`,
      ],
    ];
  });
}

/** Name of the lane that serves `model`, or null when none does. */
export function laneFor(lanes: Lanes, model: string): string | null {
  for (const [name, lane] of Object.entries(lanes)) {
    if (lane.models.some((pattern) => matchesModel(pattern, model))) return name;
  }
  return null;
}
