/** What a worker gets when it claims a job, read from the script's reply and the record. */
import { readSpend, type Spend, type SubmitRequest, type TriedProvider } from '@holdfast/core';
import { type Kept, type OpenCall, readKind } from './call-record.ts';
import type { Shared } from './leader.ts';
import type { RecordField } from './record.ts';

/** What a worker gets when it claims a job. */
export interface Claim {
  jobId: string;
  attempt: number;
  /** The hand-over that the attempt is made for. */
  release: number;
  /** Which life of the job this is: one that was forgotten may come to another under its key. */
  life: string;
  /** No other claim has it. With the attempt's number it is the fence. */
  ticket: string;
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
  /** What the gate has set aside for this run; '' nothing. */
  reservation: string;
  tenant: string;
  lane: string;
  /** The lane whose queue it waits in: its own, or the followers'. */
  queue: string;
  /** It may be answered by an equal job, or answer for one. */
  shared: Shared | null;
  /** When it was to begin (ms, Redis' clock): what is too old an answer for it is counted from here. */
  since: number;
  /** Estimate of the first provider call's tokens, in and out: what was taken from the lane for it. */
  tokens: number;
  request: SubmitRequest;
}

/** What earlier attempts have done and left at the provider. */
export interface CallsSoFar {
  made: number;
  /** Of these, those that may have been paid for nothing. */
  ambiguous: number;
  /** Of the next call under a key of its own. */
  group: number;
  /** Those that were under way when their worker vanished or gave them up, by their ids. */
  open: ReadonlyMap<string, OpenCall>;
  /** What completed calls have said. Those of completed steps are dropped. */
  answers: ReadonlyMap<string, Kept>;
  /** What completed steps have returned, by their paths. */
  steps: ReadonlyMap<string, Kept>;
  /** Providers to be asked last: they have failed since an attempt was last put off. */
  tried: readonly TriedProvider[];
  /** The text in the journal isn't what a reader shall keep. */
  textVoid: boolean;
}

/** A response that may still run at its provider. */
export interface LeftResponse {
  provider: string;
  id: string;
}

export type ClaimReply =
  | { kind: 'claimed'; claim: Claim }
  /** `leftOver`: responses that may still run at the provider although the job was cancelled. */
  | { kind: 'ended'; leftOver: { lane: string; responses: LeftResponse[] } | null }
  | { kind: 'stale' | 'missing' };

/** A record as Redis gives it. */
type Read = Readonly<Record<string, string>>;

function field(record: Read, name: RecordField): string {
  return record[name] ?? '';
}

function callsOf(record: Read): CallsSoFar {
  return {
    made: Number(field(record, 'provider_calls')),
    ambiguous: Number(field(record, 'ambiguous_calls')),
    group: Number(field(record, 'call_group')),
    open: readKind<OpenCall>(record, 'call'),
    answers: readKind<Kept>(record, 'answer'),
    steps: readKind<Kept>(record, 'step'),
    tried: JSON.parse(field(record, 'tried') || '[]') as TriedProvider[],
    textVoid: field(record, 'text_void') === '1',
  };
}

function sharedOf(record: Read): Shared | null {
  const digest = field(record, 'shared');
  return digest === '' ? null : { digest, ttlMs: Number(field(record, 'shared_ttl')) };
}

function leftOver(record: Read): { lane: string; responses: LeftResponse[] } | null {
  const open = [...readKind<OpenCall>(record, 'call').values()];
  const responses = open.flatMap(({ provider, response }) => (response ? { provider, id: response.id } : []));
  return responses.length > 0 ? { lane: field(record, 'lane'), responses } : null;
}

/** @param reply of `scripts/claim.ts`, @param record whole, as it was just after it */
export function readClaim(
  { jobId, release, ticket }: Pick<Claim, 'jobId' | 'release' | 'ticket'>,
  reply: unknown,
  record: Read,
): ClaimReply {
  const [kind, detail, seq, crashes, deadline] = reply as [string, number | string, number, number, string];
  if (kind === 'ended') return { kind, leftOver: detail === 'cancelled' ? leftOver(record) : null };
  if (kind !== 'claimed') return { kind: kind as 'stale' | 'missing' };
  return {
    kind,
    claim: {
      jobId,
      attempt: Number(detail),
      release,
      ticket,
      life: field(record, 'created_at'),
      seq,
      crashes,
      failures: Number(field(record, 'failures')),
      calls: callsOf(record),
      deadlineInMs: deadline === '' ? null : Number(deadline),
      cancelRequested: field(record, 'cancel_requested_at') !== '',
      spent: readSpend(field(record, 'spent')),
      reservation: field(record, 'reservation'),
      tenant: field(record, 'tenant'),
      lane: field(record, 'lane'),
      queue: field(record, 'queue') || field(record, 'lane'),
      shared: sharedOf(record),
      since: Number(field(record, 'due_at') || field(record, 'created_at')),
      tokens: Number(field(record, 'tokens')),
      request: JSON.parse(field(record, 'request')) as SubmitRequest,
    },
  };
}
