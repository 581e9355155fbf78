/** A job as it is written, and a row of `holdfast_jobs`. */
import type { JobError, JobSummary, JsonValue, TraceContext } from '@holdfast/core';

/** An ended job as the archiver hands it over. */
export interface EndedJob {
  tenant: string;
  job: JobSummary;
  /** The span that submitted it; null: it has no trace. */
  trace: TraceContext | null;
  /** What its run was settled with, in billionths of a dollar; null: no call was made whose price is known. */
  costNano: number | null;
  /** What its copied answer would have cost, likewise. */
  avoidedNano: number;
  /** Attempts, calls and steps, as JSON; null: not known. */
  timeline: object | null;
  /** JSON as text; null: not to be archived, or none. */
  request: string | null;
  output: string | null;
}

/** As JSON, for `json_populate_recordset`. */
export type NewRow = Readonly<Record<(typeof columns)[number], JsonValue>>;

/** Of `holdfast_jobs`, in the order of their insertion. */
export const columns = [
  'prefix',
  'id',
  'tenant',
  'task',
  'lane',
  'status',
  'error_code',
  'error',
  'priority',
  'created_at',
  'due_at',
  'deadline_at',
  'started_at',
  'finished_at',
  'cancel_requested_at',
  'attempts',
  'provider_calls',
  'ambiguous_calls',
  'input_tokens',
  'output_tokens',
  'cost',
  'avoided',
  'estimated',
  'cached',
  'metadata',
  'cursor',
  'trace',
  'timeline',
  'request',
  'output',
] as const;

/** Exact: nine digits after the point. */
export function dollarsOf(nano: number): string {
  const digits = BigInt(nano).toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

export function rowOf(prefix: string, ended: EndedJob): NewRow {
  const { tenant, job, trace, costNano, avoidedNano, timeline, request, output } = ended;
  const { usage } = job;
  return {
    prefix,
    id: job.id,
    tenant,
    task: job.task,
    lane: job.lane,
    status: job.status,
    error_code: job.error?.code ?? null,
    error: storable(job.error as JsonValue),
    priority: job.priority,
    created_at: job.created_at,
    due_at: job.due_at,
    deadline_at: job.deadline_at,
    started_at: job.started_at,
    finished_at: job.finished_at,
    cancel_requested_at: job.cancel_requested_at,
    attempts: job.attempt,
    provider_calls: job.provider_calls,
    ambiguous_calls: job.ambiguous_calls,
    input_tokens: usage?.input_tokens ?? null,
    output_tokens: usage?.output_tokens ?? null,
    cost: costNano === null ? null : dollarsOf(costNano),
    avoided: dollarsOf(avoidedNano),
    estimated: usage?.estimated ?? false,
    cached: usage?.cached ?? false,
    metadata: storable(job.metadata),
    cursor: job.cursor,
    trace: trace as JsonValue,
    timeline: storable(timeline as JsonValue),
    request,
    output,
  };
}

/** As jobs are read from the archive. */
export interface StoredRow {
  id: string;
  tenant: string;
  task: string;
  lane: string;
  status: JobSummary['status'];
  error: JobError | null;
  priority: number;
  created_at: Date;
  due_at: Date | null;
  deadline_at: Date | null;
  started_at: Date | null;
  finished_at: Date;
  cancel_requested_at: Date | null;
  attempts: number;
  provider_calls: number;
  ambiguous_calls: number;
  input_tokens: string | null;
  output_tokens: string | null;
  cost: string | null;
  estimated: boolean;
  cached: boolean;
  metadata: Record<string, string>;
  cursor: string;
  trace: TraceContext | null;
}

/** What `StoredRow` has. */
export const summaryColumns = columns
  .filter((name) => !['prefix', 'error_code', 'avoided', 'timeline', 'request', 'output'].includes(name))
  .join(', ');

const time = (at: Date | null) => at?.toISOString() ?? null;

export function jobOf(row: StoredRow): JobSummary {
  const self = `/v1/jobs/${row.id}`;
  return {
    id: row.id,
    object: 'job',
    task: row.task,
    lane: row.lane,
    status: row.status,
    attempt: row.attempts,
    priority: row.priority,
    created_at: row.created_at.toISOString(),
    due_at: time(row.due_at),
    deadline_at: time(row.deadline_at),
    started_at: time(row.started_at),
    finished_at: row.finished_at.toISOString(),
    retry_at: null,
    cancel_requested_at: time(row.cancel_requested_at),
    error: row.error,
    usage: usageOf(row),
    provider_calls: row.provider_calls,
    ambiguous_calls: row.ambiguous_calls,
    cursor: Number(row.cursor),
    metadata: row.metadata,
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
  };
}

/** null: nothing was used, as in the journal. */
function usageOf({
  input_tokens: input,
  output_tokens: output,
  cost,
  estimated,
  cached,
}: StoredRow): JobSummary['usage'] {
  if (input === null && output === null && cost === null && !estimated && !cached) return null;
  return {
    input_tokens: input === null ? null : Number(input),
    output_tokens: output === null ? null : Number(output),
    cost_usd: cost === null ? null : Number(cost),
    estimated,
    cached,
  };
}

/** `jsonb` refuses NUL and halves of surrogate pairs, which an error message or metadata may hold. */
function storable(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD').toWellFormed();
  if (Array.isArray(value)) return value.map(storable);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [String(storable(name)), storable(member)]));
}
