/** The body of `POST /v1/jobs`. The task's own schema checks `input` after this one. */
import { z } from 'zod';
import type { JsonValue } from '../json.ts';
import { metadataSchema } from './job.ts';

const DAY_MS = 86_400_000;

/** The value comes from JSON.parse. `z.json()` would check all of it again, which takes 0.3 s for a hostile megabyte. */
const anyJson = z.unknown() as unknown as z.ZodType<JsonValue>;

export const submitRequestSchema = z
  .strictObject({
    task: z
      .string()
      .min(1)
      .max(128)
      .meta({ description: 'Name of a task.', examples: ['chat.completions'] }),
    input: z.record(z.string(), anyJson).meta({
      description: 'The input of the task. The built-in tasks take an OpenAI request body.',
      examples: [{ model: 'sim', messages: [{ role: 'user', content: 'Say hello.' }] }],
    }),
    metadata: metadataSchema.optional(),
    priority: z
      .int()
      .min(-100)
      .max(100)
      .optional()
      .meta({ description: 'Jobs of a higher priority run sooner. Default 0.' }),
    delay_ms: z
      .int()
      .min(0)
      .max(30 * DAY_MS)
      .optional()
      .meta({ description: 'Don’t run the job before this many ms from now.' }),
    deadline_ms: z
      .int()
      .min(1)
      .max(30 * DAY_MS)
      .optional()
      .meta({ description: 'The job fails with `deadline_exceeded` if it has not ended this many ms from now.' }),
    cache: z
      .strictObject({
        ttl_s: z
          .int()
          .min(1)
          .max(30 * 86_400),
      })
      .nullable()
      .optional()
      .meta({
        description:
          'Share the answer of an equal job of the same tenant: one that is queued or runs, or one that completed up to `ttl_s` ' +
          'seconds ago. Equal means the same task with the same `input`. null: share nothing. Default: as the task defines.',
      }),
    on_provider_switch: z.enum(['restart', 'fail']).optional().meta({
      description:
        'What to do when the provider fails after the first token and the lane has another provider. Default `restart`.',
    }),
    on_ambiguous: z.enum(['retry', 'fail']).optional().meta({
      description: 'What to do when a provider call broke off that may have been charged. Default `retry`.',
    }),
  })
  .refine(
    ({ delay_ms: delay = 0, deadline_ms: deadline }) => delay === 0 || deadline === undefined || delay < deadline,
    {
      path: ['delay_ms'],
      message: 'must be less than deadline_ms, or the job fails before it may begin',
    },
  )
  .meta({ id: 'SubmitRequest' });

export type SubmitRequest = z.infer<typeof submitRequestSchema>;
