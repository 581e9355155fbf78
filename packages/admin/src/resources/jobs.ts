/** Jobs of all tenants. */
import { jobStatuses, jobSummarySchema, metadataSchema, submitRequestSchema } from '@holdfast/core';
import { z } from 'zod';
import { pageQuery, time, usd } from '../shapes.ts';

const from = z.enum(['redis', 'archive']).meta({ description: 'Where it was found.' });

export const adminJobSchema = jobSummarySchema
  .omit({ links: true })
  .extend({ tenant: z.string(), from })
  .meta({ id: 'AdminJob' });
export type AdminJob = z.infer<typeof adminJobSchema>;

/** An empty one would look like a filter, and find all. */
const filterText = (max: number) => z.string().min(1).max(max);

/** What a search compares. Members that are left out don't count. */
export const jobFilterSchema = z.strictObject({
  id: filterText(64).optional(),
  key: filterText(255).optional().meta({ description: 'Idempotency key; needs `tenant`.' }),
  tenant: filterText(64).optional(),
  task: filterText(128).optional(),
  lane: filterText(64).optional(),
  status: z.enum(jobStatuses).optional(),
  error_code: filterText(64).optional(),
  metadata: metadataSchema.optional(),
  created_from: time.optional(),
  created_to: time.optional(),
});
export type JobFilter = z.infer<typeof jobFilterSchema>;

const METADATA = 'metadata.';

/** As a query, metadata is sent as `metadata.<name>=<value>`. */
export const jobQuerySchema = jobFilterSchema
  .omit({ metadata: true })
  .extend(pageQuery)
  .catchall(z.string().max(512))
  .superRefine((query, { addIssue }) => {
    const unknown = Object.keys(query).filter((name) => !(name in jobFilterSchema.shape || name in pageQuery));
    for (const name of unknown.filter((name) => !name.startsWith(METADATA))) {
      addIssue({ code: 'custom', path: [name], message: `no such filter. Metadata is "${METADATA}<name>"` });
    }
  })
  .meta({ id: 'JobQuery' });

export const jobPageSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(adminJobSchema),
    next_cursor: z.string().nullable(),
    scanned_to: time.nullable().meta({
      description:
        'The page is not full, because a filter matched few of the jobs that were read; jobs before this time come with ' +
        '`next_cursor`. null: nothing was left out.',
    }),
    archived: z.boolean().meta({ description: 'Whether jobs that Redis no longer has were searched, too.' }),
  })
  .meta({ id: 'AdminJobPage' });
export type JobPage = z.infer<typeof jobPageSchema>;

const span = { started_at: time, ended_at: time.nullable() };

export const timelineSchema = z
  .object({
    attempts: z.array(
      z.object({
        attempt: z.int(),
        worker: z.string().nullable(),
        ...span,
        outcome: z.enum(['completed', 'failed', 'cancelled', 'retry', 'deferred', 'lost', 'running']),
        error_code: z.string().nullable(),
        retry_at: time.nullable(),
      }),
    ),
    calls: z.array(
      z.object({
        attempt: z.int(),
        call: z
          .string()
          .meta({ description: 'Name of the call in its task; empty for the one call of a built-in task.' }),
        provider: z.string(),
        model: z.string(),
        ...span,
        first_token_at: time.nullable(),
        outcome: z.enum(['completed', 'failed', 'cancelled', 'interrupted', 'running']).meta({
          description: '`interrupted`: its attempt ended first; it may go on in the next one.',
        }),
        error_code: z.string().nullable(),
        resumed: z.boolean(),
        input_tokens: z.int().nullable(),
        output_tokens: z.int().nullable(),
        cost_usd: usd.nullable(),
      }),
    ),
    steps: z.array(z.object({ step: z.string(), attempt: z.int().nullable(), ...span })),
  })
  .meta({ id: 'Timeline' });
export type Timeline = z.infer<typeof timelineSchema>;

export const jobDetailsSchema = adminJobSchema
  .extend({
    timeline: timelineSchema.nullable(),
    request_id: z.string().nullable(),
    trace_id: z.string().nullable(),
    copied_from: z.string().nullable().meta({ description: 'The equal job whose answer it has.' }),
    rerun_of: z.string().nullable().meta({ description: 'The job that it is a changed copy of.' }),
    request_size: z.int().nullable().meta({ description: 'Bytes.' }),
    output_size: z.int().nullable().meta({ description: 'Bytes.' }),
  })
  .meta({ id: 'AdminJobDetails' });
export type JobDetails = z.infer<typeof jobDetailsSchema>;

/** Prompt and answer. Every look at it is in the audit log. */
export const jobContentSchema = z
  .object({
    request: z
      .json()
      .nullable()
      .meta({ description: 'The body as it was submitted. null: no longer kept, or too large.' }),
    output: z.json().nullable(),
    output_text: z.string().nullable(),
    cut: z
      .array(z.enum(['request', 'output', 'output_text']))
      .meta({ description: 'Parts that are too large to be shown.' }),
  })
  .meta({ id: 'JobContent' });
export type JobContent = z.infer<typeof jobContentSchema>;

/** A changed copy of a job, as a job of its own. */
export const rerunSchema = z
  .strictObject({
    input: submitRequestSchema.shape.input.meta({
      description: 'The input of the new job, in the place of the old one.',
    }),
    metadata: metadataSchema.optional(),
  })
  .meta({ id: 'Rerun' });

export const bulkActions = ['cancel', 'retry', 'delete'] as const;

export const bulkSchema = z
  .strictObject({
    action: z.enum(bulkActions),
    ids: z.array(z.string().max(64)).min(1).max(1_000).optional(),
    filter: jobFilterSchema.optional(),
    dry_run: z.boolean().meta({ description: 'true: only counts what would be done.' }),
    limit: z.int().min(1).max(1_000).default(1_000).meta({ description: 'At most so many jobs in one request.' }),
    cursor: z.string().max(512).optional(),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    path: ['filter'],
    message: 'send "ids" or "filter", and not both',
  })
  .refine(({ filter }) => filter === undefined || Object.keys(filter).length > 0, {
    path: ['filter'],
    message: 'an empty filter is every job: name at least one member',
  })
  .meta({ id: 'BulkRequest' });

export const bulkResultSchema = z
  .object({
    dry_run: z.boolean(),
    matched: z
      .int()
      .meta({ description: 'Jobs of the filter that the action fits; of a dry run, those that would change.' }),
    done: z.int(),
    skipped: z.int().meta({ description: 'Jobs that the action does not fit, as a cancel of an ended job.' }),
    failed: z.array(z.object({ id: z.string(), code: z.string(), message: z.string() })),
    ids: z.array(z.string()).meta({ description: 'The first 20 of the matched jobs.' }),
    next_cursor: z.string().nullable().meta({ description: 'More jobs match: send the request again with it.' }),
  })
  .meta({ id: 'BulkResult' });
export type BulkResult = z.infer<typeof bulkResultSchema>;
