/**
 * A job as clients see it. The lifecycle:
 *
 *   queued ──claim──▶ running ──▶ completed
 *     ▲  │               │  ├───▶ failed      ─┐
 *     │  └──cancel──┐    │  └───▶ cancelled   ─┤ POST …/retry: the same id runs again
 *     │             ▼    │                     │
 *     │        cancelled │                     │
 *     ├──────retry later─┘                     │
 *     └────────────────────────────────────────┘
 *
 * A job that waits for a retry is `queued` again. A job ends as `completed`, `failed` or `cancelled`.
 */
import { z } from 'zod';
import { jobErrorSchema } from '../error.ts';
import { isJsonObject, type JsonValue } from '../json.ts';

export const jobStatuses = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];
export type EndedStatus = 'completed' | 'failed' | 'cancelled';

export function hasEnded(status: string): status is EndedStatus {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** Up to 16 pairs, keys to 64 characters, values to 512: OpenAI's rule for `metadata`. */
export const metadataSchema = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((metadata) => Object.keys(metadata).length <= 16, 'at most 16 pairs')
  .meta({ description: 'Up to 16 pairs of text; keys up to 64 characters, values up to 512.' });

export const tokensSchema = z.object({ input_tokens: z.int(), output_tokens: z.int() });

const tokenCount = z
  .int()
  .nullable()
  .meta({ description: 'As counted by providers; null: no provider has counted them.' });

export const usageSchema = z
  .object({
    input_tokens: tokenCount,
    output_tokens: tokenCount,
    cost_usd: z.number().nullable().meta({ description: 'null: no price is known for the model.' }),
    estimated: z.boolean().meta({
      description:
        'true: part of the cost is an estimate, because a call broke off or its provider did not count its tokens.',
    }),
    cached: z.boolean().meta({
      description: 'true: copied from an equal job, without a provider call; the tokens are those of that answer.',
    }),
  })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof usageSchema>;

const time = z.iso.datetime();

export const jobSchema = z
  .object({
    id: z.string().meta({ description: 'Opaque.', examples: ['job_f6hv4afgt62gygrew4xwvw32havcbj3h'] }),
    object: z.literal('job'),
    task: z.string(),
    lane: z.string(),
    status: z.enum(jobStatuses),
    attempt: z.int().meta({ description: 'Attempts begun so far; 0 before the first.' }),
    priority: z.int().meta({ description: 'Among the jobs of its tenant, higher ones run sooner.' }),
    created_at: time,
    due_at: time.nullable().meta({ description: 'A delayed job runs no earlier than this.' }),
    deadline_at: time
      .nullable()
      .meta({ description: 'A job that has not ended by then fails with `deadline_exceeded`.' }),
    started_at: time.nullable().meta({ description: 'When its first attempt began.' }),
    finished_at: time.nullable(),
    retry_at: time.nullable().meta({ description: 'When its next attempt is due, while it waits for one.' }),
    cancel_requested_at: time.nullable(),
    output: z.json().nullable().meta({
      description:
        'The whole answer of the provider or task. This and `output_text` are null for an API key without the scope `read`.',
    }),
    output_text: z
      .string()
      .nullable()
      .meta({ description: 'The text in `output`; of a cancelled job, the text received until then.' }),
    error: jobErrorSchema.nullable(),
    usage: usageSchema.nullable(),
    provider_calls: z.int().meta({ description: 'Calls made to providers for this job, failed ones included.' }),
    ambiguous_calls: z.int().meta({
      description: 'Of these, calls that broke off and may have been charged without an answer: possible spend.',
    }),
    cursor: z.int().meta({ description: 'Number of the last event in its journal.' }),
    metadata: z.record(z.string(), z.string()),
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof jobSchema>;

/** A job in a list: without its answer, which may be large. */
export const jobSummarySchema = jobSchema.omit({ output: true, output_text: true }).meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof jobSummarySchema>;

export const jobListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(jobSummarySchema),
    has_more: z.boolean(),
    next_cursor: z.string().nullable().meta({ description: 'Send as `cursor` for the next page. Opaque.' }),
  })
  .meta({ id: 'JobList' });
export type JobList = z.infer<typeof jobListSchema>;

/**
 * The text of an output: the `output_text` parts of a Response, the first choice of a chat completion, or a string itself.
 * null: the output has no text (embeddings, structured results, tool calls, refusals).
 */
export function outputTextOf(output: JsonValue): string | null {
  if (typeof output === 'string') return output;
  if (!isJsonObject(output)) return null;
  if (Array.isArray(output.choices)) {
    const [choice] = output.choices;
    const message = isJsonObject(choice) ? choice.message : null;
    return isJsonObject(message) ? contentTextOf(message.content) : null;
  }
  if (Array.isArray(output.output)) {
    const texts = output.output
      .flatMap((item) => (isJsonObject(item) && Array.isArray(item.content) ? item.content : []))
      .flatMap((part) => (isJsonObject(part) && part.type === 'output_text' ? part.text : []))
      .filter((text) => typeof text === 'string');
    return texts.length > 0 ? texts.join('') : null;
  }
  return null;
}

/** The text of a message's content, or of its parts; null: it has none. Reasoning and references don't count as text. */
export function contentTextOf(content: JsonValue | undefined): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return null;
  const texts = content.flatMap((part) => {
    if (typeof part === 'string') return part;
    return isJsonObject(part) && (part.type === 'text' || part.type === 'output_text') ? (part.text ?? []) : [];
  });
  const strings = texts.filter((text) => typeof text === 'string');
  return strings.length > 0 ? strings.join('') : null;
}
