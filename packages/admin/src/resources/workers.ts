/** Worker processes that are alive. */
import { z } from 'zod';
import { listOf, time } from '../shapes.ts';

export const workerSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    version: z.string(),
    started_at: time,
    seen_at: time,
    config_digest: z.string(),
    same_config: z.boolean().meta({ description: 'Whether it runs with the config file of this console.' }),
    draining: z.boolean().meta({ description: 'It stops: it takes no more jobs.' }),
    lanes: z.array(z.object({ name: z.string(), running: z.int(), capacity: z.int() })),
    breakers: z.array(
      z.object({
        lane: z.string(),
        provider: z.string(),
        state: z.enum(['closed', 'half_open', 'open']),
        failures: z.int(),
        retry_at: time.nullable(),
      }),
    ),
    jobs_ended: z.int(),
    memory_bytes: z.int(),
    loop_delay_s: z.number().nullable().meta({ description: 'Of the event loop, 99th percentile.' }),
  })
  .meta({ id: 'Worker' });
export type Worker = z.infer<typeof workerSchema>;
export const workerListSchema = listOf(workerSchema, 'WorkerList');
