/** What has happened over time, by minutes, hours or days. */
import { z } from 'zod';
import { time, usd } from '../shapes.ts';

export const ranges = ['1h', '24h', '7d', '30d'] as const;
export type Range = (typeof ranges)[number];
export const rangeQuerySchema = z.strictObject({ range: z.enum(ranges).default('1h') }).meta({ id: 'RangeQuery' });

const seconds = z.number().nullable().meta({ description: 'Seconds; null: nothing was measured.' });
const percentiles = z.object({ p50: seconds, p95: seconds });

const spendSchema = z.object({
  name: z.string().meta({ description: '`~other` adds up all that there is no room for.' }),
  jobs: z.int().nullable(),
  calls: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: usd,
});
export type Spend = z.infer<typeof spendSchema>;

export const pointSchema = z.object({
  at: time.meta({ description: 'Where the point begins.' }),
  submitted: z.int(),
  replayed: z.int().meta({ description: 'Submits whose key was there already: nothing was run or paid again.' }),
  refused: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  copied: z.int().meta({ description: 'Jobs that got the answer of an equal one.' }),
  resumed_calls: z.int().meta({ description: 'Provider calls that were resumed and not paid again.' }),
  retried: z.int().meta({ description: 'Attempts that failed and were repeated.' }),
  calls: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: usd,
  avoided_usd: usd.meta({ description: 'What copied answers would have cost.' }),
  queue_wait: percentiles,
  first_token: percentiles,
  total: percentiles,
});
export type Point = z.infer<typeof pointSchema>;

export const historySchema = z
  .object({
    range: z.enum(ranges),
    step_s: z.int().meta({ description: 'Seconds that a point covers.' }),
    points: z.array(pointSchema).meta({ description: 'Oldest first, without gaps; the last one is not over.' }),
    totals: pointSchema.omit({ at: true }).meta({ description: 'The same over the whole range.' }),
    models: z.array(spendSchema).meta({ description: 'By model, dearest first.' }),
    tenants: z.array(spendSchema).meta({ description: 'By tenant, dearest first; whole hours, at most 50.' }),
    lanes: z.array(
      z.object({
        name: z.string(),
        completed: z.int(),
        failed: z.int(),
        cancelled: z.int(),
        queue_wait: percentiles,
        total: percentiles,
      }),
    ),
  })
  .meta({ id: 'History' });
export type History = z.infer<typeof historySchema>;

/** Failures of a range, by what they have in common. */
export const failureGroupSchema = z.object({
  code: z.string(),
  provider: z.string().nullable(),
  lane: z.string().nullable(),
  count: z.int(),
  newest: z
    .array(z.object({ id: z.string(), tenant: z.string(), task: z.string(), finished_at: time, message: z.string() }))
    .meta({ description: 'Up to five of the newest.' }),
});
export type FailureGroup = z.infer<typeof failureGroupSchema>;

export const failuresSchema = z
  .object({
    range: z.enum(ranges),
    groups: z.array(failureGroupSchema).meta({ description: 'Most first.' }),
  })
  .meta({ id: 'Failures' });
export type Failures = z.infer<typeof failuresSchema>;
