/**
 * The record: the fields of a job's hash, and the job that clients see. Its values are short, so that polls, claims, lists and counts
 * cost the same for every request and answer; these have their own keys (`packages/cell/src/keys.ts`). Times are by Redis' clock, in
 * ms. Amounts of money are whole billionths of a dollar. Absent fields are null, 0 or empty.
 */
import {
  copiedUsage,
  hasEnded,
  type Job,
  type JobError,
  type JobStatus,
  type JobSummary,
  type JsonValue,
  outputTextOf,
  parseTraceparent,
  type Spend,
  type TraceContext,
  toUsd,
  type Usage,
  usageOf,
} from '@holdfast/core';

/** Fields of the control record. */
export type RecordField =
  | 'tenant'
  | 'task'
  | 'lane'
  | 'status'
  | 'attempt'
  | 'seq'
  | 'priority'
  | 'created_at'
  | 'due_at'
  | 'deadline_at'
  | 'started_at'
  | 'finished_at'
  | 'retry_at'
  | 'cancel_requested_at'
  | 'provider_calls'
  | 'ambiguous_calls'
  | 'digest' // SHA-256 of the body as it was sent
  | 'release' // number of its last hand-over to BullMQ
  | 'queue' // the lane whose queue it waits in, if it isn't its own
  | 'shared' // digest of what it asks for: jobs with the same digest may share an answer
  | 'shared_ttl' // maximum age, in ms, of a finished answer that it accepts
  | 'tokens' // estimate for its first provider call, in and out
  | 'failures' // failed attempts that were or will be retried
  | 'crashes' // attempts whose worker crashed
  | 'token' // token of the claim that began the newest attempt
  | 'call_key_version' // version of its calls' idempotency keys: raised when a key has been refused for good
  | 'text_discarded' // '1': readers have to drop the text in the journal, and the next attempt writes it again
  | 'reserved' // of the tenant's budgets, for this run
  | 'spent' // cost of this run so far; absent: no call was made whose price is known
  | 'open_cost' // what its open calls may cost
  | 'input_tokens' // of this run, as counted by providers
  | 'output_tokens'
  | 'uncounted' // calls of this run whose tokens no provider has counted; for a copied answer: 1 if its job had such calls
  | 'calls' // provider calls of this run
  | 'avoided' // what the answer copied from an equal job would have cost
  | 'copied_input_tokens' // of a copied answer
  | 'copied_output_tokens'
  | 'size' // bytes of the log; bytes after it don't belong to it
  | 'packed' // bytes of the packed log; absent: the log is not packed
  | 'copied_from' // the equal job whose answer it has
  | 'request_id' // id of the HTTP request that submitted it, for the log
  | 'traceparent' // of the span that submitted it, or of its client's; absent: it has no trace
  | 'request_size' // bytes
  | 'output_size'
  | 'text_size';

/** Fields of other hashes: small values for clients, provider calls, completed steps. See `call-record.ts`. */
export type DetailField = 'error' | 'metadata';
export type CallField = 'tried' | `call:${string}` | `failed:${string}` | `answer:${string}`;
export type StepField = `step:${string}`;
/** See `timeline-fields.ts`. */
export type TimelineField = `ran:${number}` | `made:${string}` | `at:${string}`;

/** A hash as Redis gives it. */
export type Values = Readonly<Record<string, string>>;

/** JSON; null: no answer; its size in bytes, where it is too large to be read whole. */
export type StoredAnswer = string | { size: number } | null;

/** The stored values of a job, read together. */
export interface StoredJob {
  record: Values;
  details: Values;
  output: StoredAnswer;
  /** null: the text is part of the output. */
  text: StoredAnswer;
}

/** Sizes, in bytes, of values that are too large for `job`, which has null in their place. 0: not too large. */
export interface LargeAnswer {
  output: number;
  text: number;
}

/** A job and who it belongs to. */
export interface OwnedJob {
  tenant: string;
  /** The span that submitted it; null: it has no trace. For admins: clients are not shown it. */
  trace: TraceContext | null;
  job: Job;
  /** null: `job` is complete. */
  large: LargeAnswer | null;
}

/** An ended job, with the amounts of its newest run in billionths of a dollar. */
export interface EndedRun extends OwnedSummary {
  /** What the run was settled with, open calls included; null: no call was made whose price is known. */
  costNano: number | null;
  /** What the answer copied from an equal job would have cost. */
  avoidedNano: number;
}

export interface OwnedSummary {
  tenant: string;
  /** As an `OwnedJob`'s. */
  trace: TraceContext | null;
  job: JobSummary;
}

/** From a flat list of fields and values, as scripts return hashes. */
export function valuesOf(flat: readonly string[]): Values {
  const values: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) values[flat[at] ?? ''] = flat[at + 1] ?? '';
  return values;
}

export function field(record: Values, name: RecordField): string {
  return record[name] ?? '';
}

/** The cost of the run so far, by its record, without what open calls may cost. */
export function spendOf(record: Values): Spend {
  const spent = field(record, 'spent');
  return {
    usd: spent === '' ? null : toUsd(Number(spent)),
    input_tokens: Number(field(record, 'input_tokens')),
    output_tokens: Number(field(record, 'output_tokens')),
    uncounted: Number(field(record, 'uncounted')),
    calls: Number(field(record, 'calls')),
    avoided_usd: toUsd(Number(field(record, 'avoided'))),
  };
}

function usageIn(record: Values): Usage | null {
  if (!hasEnded(field(record, 'status'))) return null;
  const copied = record.copied_input_tokens;
  const own = spendOf(record);
  if (copied === undefined) return usageOf(own);
  const tokens = { input_tokens: Number(copied), output_tokens: Number(field(record, 'copied_output_tokens')) };
  return copiedUsage({ ...own, ...tokens });
}

function time(ms: string | undefined): string | null {
  return ms === undefined || ms === '' ? null : new Date(Number(ms)).toISOString();
}

function parsed<Shape>(text: string | undefined): Shape | null {
  return text === undefined || text === '' ? null : (JSON.parse(text) as Shape);
}

/** A job in a list: without its answer. null: there is no record. */
export function summaryOf(id: string, { record, details }: Pick<StoredJob, 'record' | 'details'>): OwnedSummary | null {
  const { tenant, task, lane, status, created_at } = record;
  if (!tenant || !task || !lane || !created_at) return null;
  const self = `/v1/jobs/${id}`;
  const job: JobSummary = {
    id,
    object: 'job',
    task,
    lane,
    status: status as JobStatus,
    attempt: Number(record.attempt),
    priority: Number(record.priority),
    created_at: new Date(Number(created_at)).toISOString(),
    due_at: time(record.due_at),
    deadline_at: time(record.deadline_at),
    started_at: time(record.started_at),
    finished_at: time(record.finished_at),
    retry_at: time(record.retry_at),
    cancel_requested_at: time(record.cancel_requested_at),
    error: parsed<JobError>(details.error),
    usage: usageIn(record),
    provider_calls: Number(field(record, 'provider_calls')),
    ambiguous_calls: Number(field(record, 'ambiguous_calls')),
    cursor: Number(record.seq),
    metadata: parsed<Record<string, string>>(details.metadata) ?? {},
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
  return { tenant, trace: parseTraceparent(record.traceparent), job };
}

/** null: there is no record, or the job has not ended. */
export function endedRunOf(id: string, stored: Pick<StoredJob, 'record' | 'details'>): EndedRun | null {
  const found = summaryOf(id, stored);
  if (!found || !hasEnded(found.job.status)) return null;
  const { record } = stored;
  const open = Number(field(record, 'open_cost'));
  // As the script that settles it: `settleRun` of the fragment `ledger`.
  const cost = Number(field(record, 'spent')) + open;
  return {
    ...found,
    costNano: record.spent !== undefined || open > 0 ? Math.min(Number.MAX_SAFE_INTEGER, cost) : null,
    avoidedNano: Number(field(record, 'avoided')),
  };
}

/** The job as clients see it; null when there is no record. */
export function jobOf(id: string, stored: StoredJob): OwnedJob | null {
  const found = summaryOf(id, stored);
  if (!found) return null;
  const output = parsed<JsonValue>(inlineOf(stored.output));
  const output_text = parsed<string>(inlineOf(stored.text)) ?? (output === null ? null : outputTextOf(output));
  const sizes: LargeAnswer = { output: sizeOf(stored.output), text: sizeOf(stored.text) };
  const large = sizes.output + sizes.text > 0 ? sizes : null;
  return { ...found, job: { ...found.job, output, output_text }, large };
}

function inlineOf(answer: StoredAnswer): string | undefined {
  return typeof answer === 'string' ? answer : undefined;
}

function sizeOf(answer: StoredAnswer): number {
  return answer !== null && typeof answer === 'object' ? answer.size : 0;
}
