/** The answer of `GET /v1/usage`: what a tenant has spent, what is reserved for its open jobs, and its limits. */
import { z } from 'zod';
import { limitsSchema } from '../limits.ts';

const usd = z.number();
const date = z.iso.date();

const periodSchema = (starts: string) =>
  z.object({
    starts: date.meta({ description: starts }),
    spent_usd: usd,
    budget_usd: usd.nullable().meta({ description: 'null: no budget.' }),
    resets_at: z.iso.datetime(),
  });

const usageDaySchema = z.object({
  date,
  usd,
  input_tokens: z.int(),
  output_tokens: z.int(),
  calls: z.int().meta({ description: 'Provider calls of the jobs that ended on this day.' }),
  jobs: z.int().meta({ description: 'Runs of jobs that ended on this day; a retry is another run.' }),
  avoided_usd: usd.meta({ description: 'What the answers copied from equal jobs (`cache`) would have cost.' }),
});

export const usageReportSchema = z
  .object({
    object: z.literal('usage'),
    limits: limitsSchema,
    reserved_usd: usd.meta({ description: 'Reserved for jobs that have not ended, by estimates.' }),
    day: periodSchema('The UTC day.'),
    month: periodSchema('The calendar month, UTC.'),
    requests: z
      .object({
        limit: z.int(),
        remaining: z.int(),
        reset_s: z.number().meta({ description: 'Seconds until more are admitted; 0: none was used.' }),
      })
      .nullable()
      .meta({ description: 'Submits and retries in the last minute; null: not limited.' }),
    days: z.array(usageDaySchema).meta({ description: 'Days with spend, from `from` to `to`, oldest first.' }),
  })
  .meta({ id: 'UsageReport' });

export type UsageReport = z.infer<typeof usageReportSchema>;
export type UsageDay = z.infer<typeof usageDaySchema>;
