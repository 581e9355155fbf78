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
} from '@holdfast/core';

/** Fields a client's view is made of. Reading them is one round trip, whatever the job's length. */
const viewFields = [
  'tenant',
  'task',
  'lane',
  'status',
  'attempt',
  'seq',
  'created_at',
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
  | 'priority'
  | 'due_at' // a delayed job's beginning
  | 'deadline_at'
  | 'failures' // attempts that failed and were or will be tried again
  | 'crashes' // attempts whose worker vanished
  | 'call_open' // '1' while a provider call is under way, and after its worker vanished
  | 'call_group' // calls under one idempotency key: counts on when the provider has refused one for good
  | 'response_id' // of a response that runs in the background at the provider; '' none
  | 'reservation' // what was set aside for this run, by the gate's name for it; '' nothing
  | 'call_cost' // US dollars that calls which haven't ended may cost; '' none
  | 'response_cursor'; // number of its last event that is in the journal

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

/** What a job that has ended without an answer has used; null: nothing. */
function usageOf({ status, spent }: Values): Usage | null {
  const spend = hasEnded(status ?? '') ? parsed<Spend>(spent) : null;
  if (!spend || (spend.usd === null && spend.input_tokens === 0)) return null;
  return { input_tokens: spend.input_tokens, output_tokens: spend.output_tokens, cost_usd: spend.usd, cached: false };
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
    created_at: new Date(Number(record.created_at)).toISOString(),
    started_at: time(record.started_at),
    finished_at: time(record.finished_at),
    retry_at: time(record.retry_at),
    cancel_requested_at: time(record.cancel_requested_at),
    output,
    output_text: record.output_text ?? (output === null ? null : outputTextOf(output)),
    error: parsed<JobError>(record.error),
    usage: parsed<Usage>(record.usage) ?? usageOf(record),
    provider_calls: Number(record.provider_calls),
    ambiguous_calls: Number(record.ambiguous_calls),
    cursor: Number(record.seq),
    metadata: parsed<Record<string, string>>(record.metadata) ?? {},
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
  return { tenant: record.tenant, job };
}
