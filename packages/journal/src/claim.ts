/** What a worker gets when it claims a job, made from the script's reply and the job's stored values. */
import { claimedFields } from '@holdfast/cell';
import type { Spend, SubmitRequest, TraceContext, TriedProvider } from '@holdfast/core';
import { parseTraceparent, toUsd } from '@holdfast/core';
import type { Shared } from './leader.ts';
import { field, spendOf, type Values } from './record.ts';
import { type FailedCalls, type OpenCall, readKind, type Stored } from './write/call-record.ts';
import { timelineFields } from './write/timeline-fields.ts';

/** What a worker gets when it claims a job. */
export interface Claim {
  jobId: string;
  attempt: number;
  /** The hand-over to BullMQ that this attempt answers. */
  release: number;
  /** Differs for a job that was deleted and created again under the same idempotency key. */
  generation: string;
  /** Unique to this claim. Together with the attempt's number it is the fence. */
  token: string;
  /** ms from the job's creation to this claim, by Redis' clock. */
  startMs: number;
  /** Names of the fields that its timeline has of earlier attempts and their calls. */
  timeline: readonly string[];
  /** Number of the last event in the journal. */
  seq: number;
  crashes: number;
  failures: number;
  calls: CallsSoFar;
  /** ms until the job's deadline, negative when it has passed; null without one. */
  deadlineInMs: number | null;
  cancelRequested: boolean;
  /** The cost of earlier attempts of this run. */
  spent: Spend;
  /** What is reserved for this run, in dollars. */
  reservedUsd: number;
  tenant: string;
  lane: string;
  /** The lane whose queue it came from: its own, or the followers'. */
  queue: string;
  /** null: it doesn't share its answer with equal jobs. */
  shared: Shared | null;
  /** When it was due to begin (ms, Redis' clock). The age of a shared answer is counted from then. */
  since: number;
  /** How old the job was when it was claimed, in ms. */
  ageMs: number;
  /** How long it has waited since it was due, in ms; null: unknown. */
  waitedMs: number | null;
  /** Id of the HTTP request that submitted it; '': unknown. */
  requestId: string;
  /** The span that submitted it, or its client's; null: it has no trace. */
  trace: TraceContext | null;
  /** Estimated tokens of the first provider call, in and out: they were acquired from the lane when the job was dispatched. */
  tokens: number;
  request: SubmitRequest;
}

/** The provider calls of earlier attempts. */
export interface CallsSoFar {
  made: number;
  /** Of these, the calls that may have been charged without an answer. */
  ambiguous: number;
  /** The version of the next call's idempotency key. */
  keyVersion: number;
  /** Calls that were under way when their worker crashed or stopped, by their ids. */
  open: ReadonlyMap<string, OpenCall>;
  /** The failures of calls that have no answer yet, by the ids of the calls. */
  failed: ReadonlyMap<string, FailedCalls>;
  /** The answers of completed calls. Those of completed steps are dropped. */
  answers: ReadonlyMap<string, Stored>;
  /** The results of completed steps, by their paths. */
  steps: ReadonlyMap<string, Stored>;
  /** Providers to try last: they have failed since the last deferral of an attempt. */
  tried: readonly TriedProvider[];
  /** Readers have to drop the text that is in the journal. */
  textDiscarded: boolean;
}

export type ClaimReply = { kind: 'claimed'; claim: Claim } | { kind: 'ended' | 'stale' | 'missing' };

/** What a claim reads besides the record. */
export interface ClaimedValues {
  request: string;
  waitedMs: number | null;
  /** From earlier attempts; empty for the first one. */
  calls: Values;
  steps: Values;
}

function callsOf(record: Values, { calls, steps }: Pick<ClaimedValues, 'calls' | 'steps'>): CallsSoFar {
  return {
    made: Number(field(record, 'provider_calls')),
    ambiguous: Number(field(record, 'ambiguous_calls')),
    keyVersion: Number(field(record, 'call_key_version')),
    open: readKind<OpenCall>(calls, 'call'),
    failed: readKind<FailedCalls>(calls, 'failed'),
    answers: readKind<Stored>(calls, 'answer'),
    steps: readKind<Stored>(steps, 'step'),
    tried: JSON.parse(calls.tried || '[]') as TriedProvider[],
    textDiscarded: field(record, 'text_discarded') === '1',
  };
}

function sharedOf(record: Values): Shared | null {
  const digest = field(record, 'shared');
  return digest === '' ? null : { digest, ttlMs: Number(field(record, 'shared_ttl')) };
}

/** @param values of `claimedFields` */
export function claimedRecord(values: readonly string[]): Values {
  return Object.fromEntries(claimedFields.map((field, at) => [field, values[at] ?? '']));
}

/** @param now Redis' clock, in ms */
export function claimOf(jobId: string, now: number, record: Values, values: ClaimedValues): Claim {
  const deadline = field(record, 'deadline_at');
  return {
    jobId,
    attempt: Number(field(record, 'attempt')),
    release: Number(field(record, 'release')),
    token: field(record, 'token'),
    generation: field(record, 'created_at'),
    startMs: now - Number(field(record, 'created_at')),
    timeline: Object.keys(timelineFields({}, values.calls)),
    seq: Number(field(record, 'seq')),
    crashes: Number(field(record, 'crashes')),
    failures: Number(field(record, 'failures')),
    calls: callsOf(record, values),
    deadlineInMs: deadline === '' ? null : Number(deadline) - now,
    cancelRequested: field(record, 'cancel_requested_at') !== '',
    spent: spendOf(record),
    reservedUsd: toUsd(Number(field(record, 'reserved'))),
    tenant: field(record, 'tenant'),
    lane: field(record, 'lane'),
    queue: field(record, 'queue') || field(record, 'lane'),
    shared: sharedOf(record),
    since: Number(field(record, 'due_at') || field(record, 'created_at')),
    ageMs: now - Number(field(record, 'created_at')),
    waitedMs: values.waitedMs,
    requestId: field(record, 'request_id'),
    trace: parseTraceparent(field(record, 'traceparent')),
    tokens: Number(field(record, 'tokens')),
    request: JSON.parse(values.request) as SubmitRequest,
  };
}
