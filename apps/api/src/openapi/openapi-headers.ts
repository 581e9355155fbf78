/** The headers of answers in `/openapi.json`. */
import { z } from 'zod';

/** See `rate-limit-headers.ts`. */
const ofLimitedTenants = {
  'RateLimit-Policy': z
    .string()
    .optional()
    .meta({
      description: 'For tenants with a limit of requests: the limit (`q`) and its window in seconds (`w`).',
      examples: ['"requests";q=60;w=60'],
    }),
  RateLimit: z
    .string()
    .optional()
    .meta({
      description: 'Also for these: requests left (`r`), and seconds until there are more (`t`).',
      examples: ['"requests";r=59;t=60'],
    }),
  'x-ratelimit-limit-requests': z.int().optional().meta({ description: 'The same, in the format of OpenAI.' }),
  'x-ratelimit-remaining-requests': z.int().optional(),
  'x-ratelimit-reset-requests': z
    .string()
    .optional()
    .meta({ examples: ['1m0s', '12s'] }),
};

const location = { Location: z.string().meta({ description: 'Path of the job.' }) };
const seconds = z.int();

/** Headers of answers with a job, by operation. */
export const jobHeaders = {
  accepted: z.object({ ...location, ...ofLimitedTenants }),
  replayed: z.object({ ...location, 'Idempotent-Replayed': z.literal('true'), ...ofLimitedTenants }),
  retried: z.object(ofLimitedTenants),
};

/** Headers of problems, by status. */
export const problemHeaders: Readonly<Record<number, z.ZodObject>> = {
  402: z.object({
    'Retry-After': seconds.optional().meta({
      description: 'Seconds until it may fit; missing where it is more than the whole budget.',
    }),
    ...ofLimitedTenants,
  }),
  429: z.object({
    'Retry-After': seconds.meta({ description: 'Seconds until more are admitted.' }),
    ...ofLimitedTenants,
  }),
  503: z.object({
    'Retry-After': seconds.optional().meta({ description: 'Seconds until the same request should be sent again.' }),
  }),
};
