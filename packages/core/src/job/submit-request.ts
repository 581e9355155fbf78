/** The body of `POST /v1/jobs`. The task's own schema checks `input` after this one. */
import { z } from 'zod';
import type { JsonValue } from '../json.ts';
import { metadataSchema } from './job.ts';

const DAY_MS = 86_400_000;

/** What JSON.parse gave is JSON: `z.json()` would walk all of it again, 0.3 s for a hostile megabyte. */
const anyJson = z.unknown() as unknown as z.ZodType<JsonValue>;

export const submitRequestSchema = z
  .strictObject({
    task: z
      .string()
      .min(1)
      .max(128)
      .meta({ description: 'Name of a task.', examples: ['chat.completions'] }),
    input: z.record(z.string(), anyJson).meta({
      description: 'What the task takes. The built-in tasks take an OpenAI request body.',
      examples: [{ model: 'sim', messages: [{ role: 'user', content: 'Say hello.' }] }],
    }),
    metadata: metadataSchema.optional(),
    priority: z.int().min(-100).max(100).optional().meta({ description: 'Higher runs sooner. Default 0.' }),
    delay_ms: z
      .int()
      .min(0)
      .max(30 * DAY_MS)
      .optional()
      .meta({ description: 'Not before this many ms from now.' }),
    deadline_ms: z
      .int()
      .min(1)
      .max(30 * DAY_MS)
      .optional()
      .meta({ description: 'Fails as `deadline_exceeded` when it has not ended this many ms from now.' }),
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
          'Join an equal job of the same tenant that runs, or be answered from one that completed up to `ttl_s` seconds ago. ' +
          'Equal is the same task with the same `input`. null: neither, whatever the task says. Default: as the task says.',
      }),
    on_provider_switch: z.enum(['restart', 'fail']).optional().meta({
      description:
        'What becomes of the job when its provider fails after the first token and the lane has another. Default `restart`.',
    }),
    on_ambiguous: z.enum(['retry', 'fail']).optional().meta({
      description: 'What becomes of the job when a provider call broke off that may have been paid. Default `retry`.',
    }),
  })
  .refine(
    ({ delay_ms: delay = 0, deadline_ms: deadline }) => delay === 0 || deadline === undefined || delay < deadline,
    {
      path: ['delay_ms'],
      message: 'less than deadline_ms: else it fails before it may begin',
    },
  )
  .meta({ id: 'SubmitRequest' });

export type SubmitRequest = z.infer<typeof submitRequestSchema>;
