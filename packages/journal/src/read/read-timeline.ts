/**
 * When a job waited, ran, and called providers: for people who look into it, never on the way of a job. Values that may be large,
 * stored answers and steps, are not read.
 */
import type { JobStatus, ProviderEndpoint } from '@holdfast/core';
import type { JournalCell } from '../journal-cell.ts';
import type { Values } from '../record.ts';
import {
  type AttemptOutcome,
  type CallOutcome,
  isAttemptOrCall,
  numbersOf,
  readAttempt,
  readCall,
  readStepTime,
  timelineFields,
} from '../write/timeline-fields.ts';

/** Times are ISO 8601. */
export interface TimelineAttempt {
  attempt: number;
  /** null: unknown. */
  worker: string | null;
  started_at: string;
  /** null: it runs, or its worker vanished. */
  ended_at: string | null;
  /** `lost`: its worker vanished, or handed it back while it was blocked. */
  outcome: AttemptOutcome | 'lost' | 'running';
  error_code: string | null;
  /** When the next attempt was due. */
  retry_at: string | null;
}

/** A provider call. One that goes on in a later attempt has an entry in each, the later ones `resumed`. */
export interface TimelineCall {
  attempt: number;
  /** '' for the one call of a built-in task. */
  call: string;
  provider: string;
  model: string;
  endpoint: ProviderEndpoint;
  started_at: string;
  first_token_at: string | null;
  ended_at: string | null;
  /** `interrupted`: its attempt ended first; it may go on in the next one. */
  outcome: CallOutcome | 'interrupted' | 'running';
  error_code: string | null;
  retryable: boolean;
  resumed: boolean;
  /** null: no provider has counted any. */
  input_tokens: number | null;
  output_tokens: number | null;
  /** null: nothing was charged for it by then, or no price is known. */
  cost_usd: number | null;
}

/** A completed step. */
export interface TimelineStep {
  step: string;
  attempt: number;
  started_at: string;
  ended_at: string;
  /** A later attempt has begun: there the step isn't run again. */
  replayed: boolean;
}

export interface Timeline {
  status: JobStatus;
  created_at: string;
  due_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  /** The equal job whose answer it has. */
  copied_from: string | null;
  /** The newest 50, the oldest first. */
  attempts: TimelineAttempt[];
  /** The newest 200, by their starts. */
  calls: TimelineCall[];
  /** By their starts. */
  steps: TimelineStep[];
}

/** null: there is no such job. Jobs of versions before timelines have times, and no attempts, calls and steps. */
export async function readTimeline({ cell }: JournalCell, jobId: string): Promise<Timeline | null> {
  const keys = cell.keys.job(jobId);
  const [record, calls, steps] = await Promise.all([
    cell.redis.hgetall(keys.record),
    readFields({ cell }, keys.calls, isAttemptOrCall),
    readFields({ cell }, keys.steps, (field) => field.startsWith('at:')),
  ]);
  return record.created_at ? timelineOf(record, calls, steps) : null;
}

async function readFields({ cell }: JournalCell, key: string, wanted: (field: string) => boolean): Promise<Values> {
  const fields = (await cell.redis.hkeys(key)).filter(wanted);
  if (fields.length === 0) return {};
  const values = await cell.redis.hmget(key, ...fields);
  return Object.fromEntries(fields.map((field, at) => [field, values[at] ?? '']));
}

function timelineOf(record: Values, calls: Values, steps: Values): Timeline {
  const at = (ms: number) => new Date(Number(record.created_at) + ms).toISOString();
  const given = (ms: string | undefined) => (ms ? new Date(Number(ms)).toISOString() : null);
  const fields = Object.entries(timelineFields(record, calls)).filter(([, stored]) => stored !== '');
  const attempts = fields
    .filter(([field]) => field.startsWith('ran:'))
    .map(([field, stored]) => attemptOf(record, numbersOf(field)[0], stored, at))
    .sort((one, other) => one.attempt - other.attempt);
  const byNumber = new Map(attempts.map((one) => [one.attempt, one]));
  return {
    status: record.status as JobStatus,
    created_at: at(0),
    due_at: given(record.due_at),
    started_at: given(record.started_at),
    finished_at: given(record.finished_at),
    copied_from: record.copied_from || null,
    attempts,
    calls: fields
      .filter(([field]) => field.startsWith('made:'))
      .sort(([one], [other]) => compareNumbers(one, other))
      .map(([field, stored]) => callOf(numbersOf(field)[0], byNumber.get(numbersOf(field)[0]), stored, at)),
    steps: Object.entries(steps)
      .map(([field, stored]) => stepOf(field.slice('at:'.length), stored, Number(record.attempt), at))
      .sort((one, other) => one.started_at.localeCompare(other.started_at)),
  };
}

type At = (ms: number) => string;

function attemptOf(record: Values, attempt: number, stored: string, at: At): TimelineAttempt {
  const { startMs, worker, end } = readAttempt(stored);
  const isUnderWay = record.status === 'running' && record.attempt === String(attempt);
  const endMs = end && startMs + end.tookMs;
  return {
    attempt,
    worker,
    started_at: at(startMs),
    ended_at: endMs === null ? null : at(endMs),
    outcome: end?.outcome ?? (isUnderWay ? 'running' : 'lost'),
    error_code: end?.code ?? null,
    retry_at: endMs === null || end?.retryInMs == null ? null : at(endMs + end.retryInMs),
  };
}

function callOf(attempt: number, its: TimelineAttempt | undefined, stored: string, at: At): TimelineCall {
  const { startMs, provider, model, endpoint, call, resumed, end } = readCall(stored);
  return {
    attempt,
    call,
    provider,
    model,
    endpoint,
    started_at: at(startMs),
    first_token_at: end?.firstTextMs == null ? null : at(startMs + end.firstTextMs),
    ended_at: end ? at(startMs + end.tookMs) : (its?.ended_at ?? null),
    outcome: end?.outcome ?? (its?.outcome === 'running' ? 'running' : 'interrupted'),
    error_code: end?.code ?? null,
    retryable: end?.retryable ?? false,
    resumed,
    input_tokens: end?.tokens?.input_tokens ?? null,
    output_tokens: end?.tokens?.output_tokens ?? null,
    cost_usd: end?.costUsd ?? null,
  };
}

function stepOf(step: string, stored: string, newestAttempt: number, at: At): TimelineStep {
  const { attempt, startMs, tookMs } = readStepTime(stored);
  return {
    step,
    attempt,
    started_at: at(startMs),
    ended_at: at(startMs + tookMs),
    replayed: newestAttempt > attempt,
  };
}

/** By attempt, then by number: in an attempt calls are numbered as they begin. */
function compareNumbers(one: string, other: string): number {
  const [attempt, call] = numbersOf(one);
  const [otherAttempt, otherCall] = numbersOf(other);
  return attempt - otherAttempt || call - otherCall;
}
