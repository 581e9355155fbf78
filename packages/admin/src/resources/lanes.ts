/** Lanes: their queues, limits, and the health of their providers. */
import { laneLimitsSchema } from '@holdfast/core';
import { z } from 'zod';
import { listOf, time } from '../shapes.ts';

export const providerHealthSchema = z.object({
  name: z.string(),
  base_url: z.string().meta({ description: 'Without secrets.' }),
  state: z.enum(['healthy', 'failing', 'recovering', 'unknown']).meta({
    description:
      '`failing`: some worker’s breaker is open; `recovering`: half-open; `unknown`: no worker serves the lane.',
  }),
  open_on: z.int().meta({ description: 'Workers whose breaker is open.' }),
  workers: z.int(),
  last_error_code: z.string().nullable(),
  retry_at: time.nullable(),
});
export type ProviderHealth = z.infer<typeof providerHealthSchema>;

export const laneSchema = z
  .object({
    name: z.string(),
    models: z.array(z.string()),
    paused: z.boolean().meta({ description: 'Its jobs wait; jobs under way go on.' }),
    limits: laneLimitsSchema.meta({ description: 'In force now.' }),
    limits_from: z.enum(['config', 'admin']),
    config_limits: laneLimitsSchema,
    counts: z.object({
      waiting: z.int(),
      active: z.int(),
      delayed: z.int(),
      completed: z.int().meta({ description: 'Recent ones.' }),
      failed: z.int().meta({ description: 'Recent ones.' }),
    }),
    oldest_wait_s: z.number().nullable(),
    waiting_tokens: z.int().nullable().meta({ description: 'Estimated; null: not known.' }),
    capacity: z.int().meta({ description: 'Jobs that live workers take at once.' }),
    providers: z.array(providerHealthSchema),
  })
  .meta({ id: 'Lane' });
export type Lane = z.infer<typeof laneSchema>;
export const laneListSchema = listOf(laneSchema, 'LaneList');

export const laneChangeSchema = z
  .strictObject({
    paused: z.boolean().optional(),
    limits: laneLimitsSchema.nullable().optional().meta({
      description: 'All of its limits; null: those of the config file are in force again.',
    }),
  })
  .refine(({ paused, limits }) => paused !== undefined || limits !== undefined, {
    path: ['paused'],
    message: 'send "paused", "limits" or both',
  })
  .meta({ id: 'LaneChange' });
export type LaneChange = z.infer<typeof laneChangeSchema>;
