/** What a worker gets when it claims a job, read from the script's reply and what is stored of the job. */
import { claimedFields } from '@holdfast/cell';
import type { Spend, SubmitRequest, TriedProvider } from '@holdfast/core';
import { toUsd } from '@holdfast/core';
import type { Shared } from './leader.ts';
import { field, spendOf, type Values } from './record.ts';
import { type FailedCalls, type OpenCall, readKind, type Stored } from './write/call-record.ts';

/** What a worker gets when it claims a job. */
export interface Claim {
  jobId: string;
  attempt: number;
  /** The hand-over that the attempt is made for. */
  release: number;
  /** Tells the job from one that is created anew under its key after it was deleted. */
  generation: string;
  /** No other claim has it. With the attempt's number it is the fence. */
  token: string;
  /** Number of the last event in the journal. */
  seq: number;
  crashes: number;
  failures: number;
  calls: CallsSoFar;
  /** ms until the job's deadline, negative when it has passed; null without one. */
  deadlineInMs: number | null;
  cancelRequested: boolean;
  /** What earlier attempts of this run have cost. */
  spent: Spend;
  /** What is reserved for this run, in dollars. */
  reservedUsd: number;
  tenant: string;
  lane: string;
  /** The lane whose queue it waits in: its own, or the followers'. */
  queue: string;
  /** It may be answered by an equal job, or answer for one. */
  shared: Shared | null;
  /** When it was to begin (ms, Redis' clock): what is too old an answer for it is counted from here. */
  since: number;
  /** How long it has waited since it was due, in ms; null: not known. */
  waitedMs: number | null;
  /** Of the HTTP request that submitted it; '': not known. */
  requestId: string;
  /** Estimate of the first provider call's tokens, in and out: what was taken from the lane for it. */
  tokens: number;
  request: SubmitRequest;
}

/** What earlier attempts have done and left at the provider. */
export interface CallsSoFar {
  made: number;
  /** Of these, those that may have been paid for nothing. */
  ambiguous: number;
  /** Of the next call's idempotency key. */
  keyVersion: number;
  /** Those that were under way when their worker vanished or gave them up, by their ids. */
  open: ReadonlyMap<string, OpenCall>;
  /** What has failed for answers that are still to come, by the ids of their calls. */
  failed: ReadonlyMap<string, FailedCalls>;
  /** What completed calls have said. Those of completed steps are dropped. */
  answers: ReadonlyMap<string, Stored>;
  /** What completed steps have returned, by their paths. */
  steps: ReadonlyMap<string, Stored>;
  /** Providers to be asked last: they have failed since an attempt was last put off. */
  tried: readonly TriedProvider[];
  /** The text in the journal isn't what a reader shall keep. */
  textDiscarded: boolean;
}

export type ClaimReply = { kind: 'claimed'; claim: Claim } | { kind: 'ended' | 'stale' | 'missing' };

/** What is stored of a claimed job beside its record. */
export interface ClaimedParts {
  request: string;
  waitedMs: number | null;
  /** What the attempts before have left; before the first nothing can be there. */
  calls: Values;
  steps: Values;
}

function callsOf(record: Values, { calls, steps }: Pick<ClaimedParts, 'calls' | 'steps'>): CallsSoFar {
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
export function claimOf(jobId: string, now: number, record: Values, parts: ClaimedParts): Claim {
  const deadline = field(record, 'deadline_at');
  return {
    jobId,
    attempt: Number(field(record, 'attempt')),
    release: Number(field(record, 'release')),
    token: field(record, 'token'),
    generation: field(record, 'created_at'),
    seq: Number(field(record, 'seq')),
    crashes: Number(field(record, 'crashes')),
    failures: Number(field(record, 'failures')),
    calls: callsOf(record, parts),
    deadlineInMs: deadline === '' ? null : Number(deadline) - now,
    cancelRequested: field(record, 'cancel_requested_at') !== '',
    spent: spendOf(record),
    reservedUsd: toUsd(Number(field(record, 'reserved'))),
    tenant: field(record, 'tenant'),
    lane: field(record, 'lane'),
    queue: field(record, 'queue') || field(record, 'lane'),
    shared: sharedOf(record),
    since: Number(field(record, 'due_at') || field(record, 'created_at')),
    waitedMs: parts.waitedMs,
    requestId: field(record, 'request_id'),
    tokens: Number(field(record, 'tokens')),
    request: JSON.parse(parts.request) as SubmitRequest,
  };
}
