/** Lanes: which models share a provider account. A model goes to the first lane with a pattern that fits. */
import { z } from 'zod';
import { laneLimitsSchema } from './limits.ts';

const laneName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-", starting with a letter');

const providerSchema = z.strictObject({
  name: z.string().min(1).max(64),
  base_url: z.url({ protocol: /^https?$/, error: 'expected an http(s) address' }),
  /** Name of the environment variable that holds the key: keys don't belong into a file. */
  api_key_env: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/i, 'expected the name of an environment variable')
    .optional(),
  /** Asked for instead of the job's model; for a fallback that serves another one. */
  model: z.string().min(1).max(256).optional(),
  /** How long the first byte of an answer is waited for, in ms. Default 120,000. */
  first_byte_timeout_ms: z.int().min(100).max(3_600_000).optional(),
});

const laneSchema = z.strictObject({
  models: z.array(z.string().min(1)).min(1).meta({ description: 'Model names; `*` stands for any characters.' }),
  providers: z
    .array(providerSchema)
    .min(1)
    .max(10)
    .refine((providers) => new Set(providers.map(({ name }) => name)).size === providers.length, 'names must differ')
    .meta({ description: 'Upstreams, in the order in which they are tried.' }),
  limits: laneLimitsSchema.default({}),
  background: z.boolean().default(false).meta({
    description: 'The provider runs `responses` in the background, and one that was begun can be taken up again.',
  }),
  idempotency_header: z.boolean().default(false).meta({
    description: 'The provider honours `Idempotency-Key`: a call that is repeated under it is paid once.',
  }),
});

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
