/** Alerts: what is watched, from where on it is a fault, and where it is reported. Part of the config file. */
import { z } from 'zod';

const seconds = (fallback: number) => z.number().min(0).max(86_400).default(fallback);
const share = (fallback: number) => z.number().gt(0).max(1).default(fallback);

/** One member for each rule. Each has a default, so `{}` switches it on. */
const rulesSchema = z.strictObject({
  queue_age: z
    .strictObject({ above_s: z.number().min(1).max(604_800).default(300), for_s: seconds(60) })
    .optional()
    .meta({ description: 'The oldest job that waits in a lane has waited longer than `above_s`, for `for_s`.' }),
  failure_rate: z
    .strictObject({ above: share(0.2), min_jobs: z.int().min(1).max(1_000_000).default(20), for_s: seconds(0) })
    .optional()
    .meta({ description: 'Of the jobs of a lane that ended in the last 15 minutes, more than this share failed.' }),
  budget: z
    .strictObject({ above: share(0.9) })
    .optional()
    .meta({ description: 'A tenant has spent, or reserved, more than this share of its budget of the day or month.' }),
  provider_down: z
    .strictObject({ for_s: seconds(60) })
    .optional()
    .meta({ description: 'The breakers of all workers that serve a lane are open for one of its providers.' }),
  redis_memory: z
    .strictObject({ above: share(0.85), for_s: seconds(0) })
    .optional()
    .meta({ description: 'Redis uses more than this share of its `maxmemory`.' }),
  no_workers: z
    .strictObject({ for_s: seconds(30) })
    .optional()
    .meta({ description: 'No worker is alive while jobs wait.' }),
});

export const alertsSchema = z.strictObject({
  webhook: z.strictObject({
    url: z.url({ protocol: /^https?$/, error: 'expected an http(s) address' }),
    secret_env: z
      .string()
      .regex(/^[a-z_][a-z0-9_]*$/i, 'expected the name of an environment variable')
      .meta({ description: 'Variable with the secret that signs: `whsec_` and 24 to 64 bytes in base64.' }),
  }),
  repeat_minutes: z
    .int()
    .min(1)
    .max(10_080)
    .default(240)
    .meta({ description: 'An alert that goes on is reported again.' }),
  rules: rulesSchema.refine((rules) => Object.keys(rules).length > 0, 'name at least one rule'),
});

export type Alerts = z.output<typeof alertsSchema>;
export type AlertRule = keyof Alerts['rules'];
