/** Limits of a tenant (its own, or its plan's) and of a lane. A limit that is left out doesn't apply. */
import { z } from 'zod';
import type { ProviderEndpoint } from './ports.ts';

/** The largest budget of a day or a month. Amounts are whole billionths of a dollar, which are exact below 2^53. */
export const MAX_BUDGET_USD = 1_000_000;

/** The largest limit of one answer: far above what models produce, and small enough to calculate with exactly. */
export const MAX_OUTPUT_TOKENS = 10_000_000;

export type OutputLimitField = 'max_completion_tokens' | 'max_tokens' | 'max_output_tokens';

/** The members of a request body that limit an endpoint's output. The first one in the body counts; a body without any can add the first. */
export const outputLimitFields: Readonly<Record<ProviderEndpoint, readonly OutputLimitField[]>> = {
  'chat.completions': ['max_completion_tokens', 'max_tokens'],
  responses: ['max_output_tokens'],
  embeddings: [],
};

/** The most answers that one call may ask for: OpenAI's bound of `n`. */
export const MAX_CHOICES = 128;

const count = (max: number) => z.int().min(1).max(max);
const usd = z.number().min(0).max(MAX_BUDGET_USD);

export const limitsSchema = z
  .strictObject({
    requests_per_minute: count(1_000_000).optional().meta({ description: 'Submits and retries in any minute.' }),
    max_queued: count(10_000_000).optional().meta({ description: 'Jobs that wait at once.' }),
    max_running: count(100_000).optional().meta({ description: 'Jobs that run at once.' }),
    weight: z
      .number()
      .min(0.01)
      .max(1000)
      .optional()
      .meta({ description: 'Share of capacity among busy tenants. Default 1.' }),
    budget_usd: z
      .strictObject({ day: usd.optional(), month: usd.optional() })
      .optional()
      .meta({ description: 'Spend per UTC day and per calendar month.' }),
  })
  .meta({ id: 'Limits' });

/** Limits of a tenant, or of a plan. */
export type Limits = z.infer<typeof limitsSchema>;

export const planName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, "-" and "_"');

export const plansSchema = z.record(planName, limitsSchema);

/** Limits by the name of the plan. */
export type Plans = z.infer<typeof plansSchema>;

export const laneLimitsSchema = z
  .strictObject({
    requests_per_minute: count(10_000_000).optional().meta({ description: 'Calls to the provider in any minute.' }),
    tokens_per_minute: count(1_000_000_000).optional().meta({ description: 'Tokens, in and out, in any minute.' }),
    max_running: count(100_000).optional().meta({ description: 'Jobs that run at once, over all workers.' }),
  })
  .meta({ id: 'LaneLimits' });

/** What a lane's provider account allows. */
export type LaneLimits = z.infer<typeof laneLimitsSchema>;
