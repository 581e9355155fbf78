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
 * A job that waits for a retry is `queued` again. `completed`, `failed` and `cancelled` are its ends.
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

const tokenCount = z.int().nullable().meta({ description: 'As providers have counted; null: none has.' });

export const usageSchema = z
  .object({
    input_tokens: tokenCount,
    output_tokens: tokenCount,
    cost_usd: z.number().nullable().meta({ description: 'null: no price is known for the model.' }),
    estimated: z.boolean().meta({
      description:
        'true: the cost is in part an estimate: a provider has not counted the tokens of a call, or it broke off.',
    }),
    cached: z.boolean().meta({
      description: 'true: answered by an equal job, without a provider call; the tokens are those of that answer.',
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
    attempt: z.int().meta({ description: 'Runs begun so far; 0 before the first.' }),
    priority: z.int().meta({ description: 'Higher runs sooner, among the jobs of its tenant.' }),
    created_at: time,
    due_at: time.nullable().meta({ description: 'Of a delayed job: not before then.' }),
    deadline_at: time.nullable().meta({ description: 'Fails as `deadline_exceeded` when it has not ended by then.' }),
    started_at: time.nullable().meta({ description: 'When its first attempt began.' }),
    finished_at: time.nullable(),
    retry_at: time.nullable().meta({ description: 'While it waits for a retry: when that is due.' }),
    cancel_requested_at: time.nullable(),
    output: z.json().nullable().meta({
      description:
        'What the provider (or task) answered, whole; null, as `output_text` is, to a key without the scope `read`.',
    }),
    output_text: z
      .string()
      .nullable()
      .meta({ description: 'The text in `output`; of a cancelled job, what had come.' }),
    error: jobErrorSchema.nullable(),
    usage: usageSchema.nullable(),
    provider_calls: z.int().meta({ description: 'Calls made to providers for this job, failed ones included.' }),
    ambiguous_calls: z.int().meta({
      description: 'Of these, calls that broke off and may have been paid for nothing: possible spend.',
    }),
    cursor: z.int().meta({ description: 'Number of the last event in its journal.' }),
    metadata: z.record(z.string(), z.string()),
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof jobSchema>;

/** What a list shows of a job: all but its answer, which may be large. */
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
 * The text of an output: of a Response its `output_text` parts, of a chat completion its first choice, of a string
 * itself; null where there is none (embeddings, structured results, tool calls, refusals).
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

/** The text of a message's content: itself, or that of its parts; null where it has none. Thinking and references are none. */
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
