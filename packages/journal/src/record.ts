/**
 * The record: what the hash of a job holds, and the job that clients see made from it.
 * Times are Redis' own, in ms, so that the clocks of many machines don't matter. Absent fields are null, 0 or empty.
 */
import {
  hasEnded,
  type Job,
  type JobError,
  type JobStatus,
  type JsonValue,
  outputTextOf,
  type Spend,
  type Usage,
  usageOf,
} from '@holdfast/core';

/** Fields a client's view is made of. Reading them is one round trip, whatever the job's length. */
const viewFields = [
  'tenant',
  'task',
  'lane',
  'status',
  'attempt',
  'seq',
  'priority',
  'created_at',
  'due_at',
  'deadline_at',
  'started_at',
  'finished_at',
  'retry_at',
  'cancel_requested_at',
  'output',
  'output_text',
  'error',
  'usage',
  'provider_calls',
  'ambiguous_calls',
  'spent',
  'metadata',
] as const;

/** Fields that only the server reads. */
type InnerField =
  | 'request' // the body as it was sent, JSON
  | 'digest' // SHA-256 of that body
  | 'release' // number of the last hand-over to the queue
  | 'queue' // the lane whose queue it waits in, where that isn't its own; '' its own
  | 'shared' // digest of what it asks for: jobs with the same may answer for one another; none: it shares nothing
  | 'shared_ttl' // how old, in ms, a finished answer may be that it takes
  | 'tokens' // estimate of its first provider call's, in and out
  | 'failures' // attempts that failed and were or will be tried again
  | 'crashes' // attempts whose worker vanished
  | 'ticket' // of the claim that began the newest attempt
  | 'call_group' // calls under one idempotency key: counts on when the provider has refused one for good
  | 'tried' // providers that have failed after readers had some of their text, JSON: the next attempt asks others first
  | 'reservation' // what was set aside for this run, by the gate's name for it; '' nothing
  | 'text_void'; // '1': the text in the journal isn't what a reader shall keep; the next attempt tells it anew

/** What is kept of the calls and steps of a job, one field each. See `call-record.ts`. */
export type KeptField = `call:${string}` | `answer:${string}` | `step:${string}`;

export type RecordField = (typeof viewFields)[number] | InnerField;

export const recordFields: readonly RecordField[] = viewFields;

/** A job and who it belongs to. */
export interface OwnedJob {
  tenant: string;
  job: Job;
}

type Values = Record<(typeof viewFields)[number], string | null>;

function parsed<Shape>(text: string | null): Shape | null {
  return text === null ? null : (JSON.parse(text) as Shape);
}

function time(ms: string | null): string | null {
  return ms === null ? null : new Date(Number(ms)).toISOString();
}

/** The job from the values of `recordFields`, in that order; null when there is no record. */
export function jobOf(id: string, values: readonly (string | null)[]): OwnedJob | null {
  const record = Object.fromEntries(viewFields.map((field, at) => [field, values[at] ?? null])) as Values;
  if (record.tenant === null || record.task === null || record.lane === null || record.created_at === null) return null;
  const output = parsed<JsonValue>(record.output);
  const self = `/v1/jobs/${id}`;
  const job: Job = {
    id,
    object: 'job',
    task: record.task,
    lane: record.lane,
    status: record.status as JobStatus,
    attempt: Number(record.attempt),
    priority: Number(record.priority),
    created_at: new Date(Number(record.created_at)).toISOString(),
    due_at: time(record.due_at),
    deadline_at: time(record.deadline_at),
    started_at: time(record.started_at),
    finished_at: time(record.finished_at),
    retry_at: time(record.retry_at),
    cancel_requested_at: time(record.cancel_requested_at),
    output,
    output_text: record.output_text ?? (output === null ? null : outputTextOf(output)),
    error: parsed<JobError>(record.error),
    usage: parsed<Usage>(record.usage) ?? (hasEnded(record.status ?? '') ? usageOf(parsed<Spend>(record.spent)) : null),
    provider_calls: Number(record.provider_calls),
    ambiguous_calls: Number(record.ambiguous_calls),
    cursor: Number(record.seq),
    metadata: parsed<Record<string, string>>(record.metadata) ?? {},
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
  return { tenant: record.tenant, job };
}
