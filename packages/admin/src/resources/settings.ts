/** How this installation is set up, without secrets. */
import { z } from 'zod';
import { time } from '../shapes.ts';

export const settingsSchema = z
  .object({
    version: z.string(),
    durability: z.object({
      mode: z.string().nullable().meta({ description: 'DURABILITY of this console, which should be that of all.' }),
      fault: z.string().nullable().meta({ description: 'What is wrong with the set-up of Redis now.' }),
    }),
    redis: z.object({
      version: z.string(),
      used_bytes: z.int(),
      max_bytes: z.int().nullable().meta({ description: 'null: no limit.' }),
      policy: z.string(),
      append_only: z.boolean(),
      fsync: z.string(),
      clients: z.int(),
      full_at: time.nullable().meta({
        description: 'When it is full if it grows as in the last day; null: it does not grow, or has no limit.',
      }),
      growth_bytes_per_day: z.number().nullable(),
    }),
    archive: z.object({
      configured: z.boolean(),
      waiting: z.int(),
      lag_s: z.number().nullable(),
      oldest: time.nullable().meta({ description: 'The end of the job that waits longest to be archived.' }),
    }),
    retention_hours: z.number().nullable(),
    config_digest: z.string(),
    config: z
      .json()
      .meta({ description: 'Lanes, plans and prices in force; names of variables in the place of secrets.' }),
    tasks: z.array(z.string()),
    settings: z.array(z.object({ name: z.string(), value: z.string(), from: z.enum(['environment', 'default']) })),
    bull_board: z.string().nullable().meta({ description: 'Path of Bull Board.' }),
    api_url: z.string(),
  })
  .meta({ id: 'Settings' });
export type Settings = z.infer<typeof settingsSchema>;
