/**
 * The record: what the hash of a job holds, and the job that clients see made from it. Its values are short, so that what is
 * polled, claimed, listed and counted costs the same whatever was asked and answered; those have keys of their own
 * (`packages/cell/src/keys.ts`). Times are Redis' own, in ms. Amounts of money are whole billionths of a dollar.
 * Absent fields are null, 0 or empty.
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
  type Spend,
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
  | 'release' // number of the last hand-over to the queue
  | 'queue' // the lane whose queue it waits in, where that isn't its own
  | 'shared' // digest of what it asks for: jobs with the same may answer for one another
  | 'shared_ttl' // how old, in ms, a finished answer may be that it takes
  | 'tokens' // estimate of its first provider call's, in and out
  | 'failures' // attempts that failed and were or will be tried again
  | 'crashes' // attempts whose worker vanished
  | 'token' // of the claim that began the newest attempt
  | 'call_key_version' // calls under one idempotency key: counts on when the provider has refused one for good
  | 'text_discarded' // '1': the text in the journal isn't what a reader shall keep; the next attempt writes it anew
  | 'reserved' // at the tenant's budgets, for this run
  | 'spent' // what this run has cost so far; absent: nothing was called for which a price is known
  | 'open_cost' // what its open calls may cost
  | 'input_tokens' // of this run, as providers have counted
  | 'output_tokens'
  | 'uncounted' // calls of this run whose tokens no provider has counted; of a copied answer: 1, if that had some
  | 'calls' // provider calls of this run
  | 'avoided' // what the answer would have cost that was copied from an equal job's
  | 'copied_input_tokens' // of an answer that was copied
  | 'copied_output_tokens'
  | 'size' // bytes of the log; what lies behind it doesn't count
  | 'packed' // bytes of the deflated log; absent: the log is as it was written
  | 'request_id' // of the HTTP request that submitted it: for the log
  | 'request_size' // bytes
  | 'output_size'
  | 'text_size';

/** Further fields: small ones that only clients see, what is kept of calls, completed steps. See `call-record.ts`. */
export type DetailField = 'error' | 'metadata';
export type CallField = 'tried' | `call:${string}` | `failed:${string}` | `answer:${string}`;
export type StepField = `step:${string}`;

/** A hash as Redis gives it. */
export type Values = Readonly<Record<string, string>>;

/** JSON; null: there is none; its size in bytes, where it is too large to be read whole. */
export type StoredAnswer = string | { size: number } | null;

/** What is stored of a job, read together. */
export interface StoredJob {
  record: Values;
  details: Values;
  output: StoredAnswer;
  /** Where it isn't to be read from the output. */
  text: StoredAnswer;
}

/** Sizes, in bytes, of what is too large to be in `job`: that has null in its place. 0: it isn't. */
export interface LargeAnswer {
  output: number;
  text: number;
}

/** A job and who it belongs to. */
export interface OwnedJob {
  tenant: string;
  job: Job;
  /** null: `job` is whole. */
  large: LargeAnswer | null;
}

export interface OwnedSummary {
  tenant: string;
  job: JobSummary;
}

/** Of a flat list of fields and values, as scripts return hashes. */
export function valuesOf(flat: readonly string[]): Values {
  const values: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) values[flat[at] ?? ''] = flat[at + 1] ?? '';
  return values;
}

export function field(record: Values, name: RecordField): string {
  return record[name] ?? '';
}

/** What the run has cost so far, by its record. What open calls may cost is not in it. */
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

/** What a list shows of a job: all but its answer. null: there is no record. */
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
  return { tenant, job };
}

/** The job as clients see it; null when there is no record. */
export function jobOf(id: string, stored: StoredJob): OwnedJob | null {
  const found = summaryOf(id, stored);
  if (!found) return null;
  const output = parsed<JsonValue>(inlineOf(stored.output));
  const output_text = parsed<string>(inlineOf(stored.text)) ?? (output === null ? null : outputTextOf(output));
  const sizes: LargeAnswer = { output: sizeOf(stored.output), text: sizeOf(stored.text) };
  const large = sizes.output + sizes.text > 0 ? sizes : null;
  return { tenant: found.tenant, job: { ...found.job, output, output_text }, large };
}

function inlineOf(answer: StoredAnswer): string | undefined {
  return typeof answer === 'string' ? answer : undefined;
}

function sizeOf(answer: StoredAnswer): number {
  return answer !== null && typeof answer === 'object' ? answer.size : 0;
}
