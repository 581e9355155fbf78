/** What a worker gets when it claims a job, read from the script's reply and the record. */
import { noSpend, type Spend, type SubmitRequest } from '@holdfast/core';
import type { RecordField } from './record.ts';

/** What a worker gets when it claims a job. */
export interface Claim {
  jobId: string;
  attempt: number;
  /** Which life of the job this is: one that was forgotten may come to another under its key. */
  life: string;
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
  request: SubmitRequest;
}

/** What earlier attempts have left at the provider. */
export interface CallsSoFar {
  made: number;
  /** Of these, those that may have been paid for nothing. */
  ambiguous: number;
  /** One was under way when its worker vanished or gave it up. */
  open: boolean;
  /** What those that haven't ended may cost, in US dollars; null: none, or no price is known. */
  openCost: number | null;
  /** Names the calls that a provider may take for one. Unique to this life of the job. */
  group: string;
  groupNumber: number;
  /** A response that can be taken up after its event `cursor` (-1: from the first). */
  response: { id: string; cursor: number } | null;
}

export type ClaimReply =
  | { kind: 'claimed'; claim: Claim }
  /** `leftOver`: a response that may still run at the provider although the job was cancelled. */
  | { kind: 'ended'; leftOver: { lane: string; responseId: string } | null }
  | { kind: 'stale' | 'missing' };

/** Fields of the record that claiming doesn't change, and that a worker needs. */
export const claimFields = [
  'tenant',
  'lane',
  'request',
  'created_at',
  'failures',
  'cancel_requested_at',
  'provider_calls',
  'ambiguous_calls',
  'call_open',
  'call_group',
  'response_id',
  'response_cursor',
  'call_cost',
  'spent',
  'reservation',
] as const satisfies RecordField[];

type ClaimValues = Record<(typeof claimFields)[number], string>;

function callsOf(read: ClaimValues): CallsSoFar {
  return {
    made: Number(read.provider_calls),
    ambiguous: Number(read.ambiguous_calls),
    open: read.call_open === '1',
    openCost: read.call_cost === '' ? null : Number(read.call_cost),
    // With the time of acceptance: a job that was forgotten and accepted anew under its key is another one.
    group: `${read.created_at}.${Number(read.call_group)}`,
    groupNumber: Number(read.call_group),
    response: read.response_id === '' ? null : { id: read.response_id, cursor: Number(read.response_cursor) },
  };
}

/** @param reply of `scripts/claim.ts`, @param values of `claimFields` */
export function readClaim(jobId: string, reply: unknown, values: readonly (string | null)[]): ClaimReply {
  const [kind, detail, seq, crashes, deadline] = reply as [string, number | string, number, number, string];
  const read = Object.fromEntries(claimFields.map((field, at) => [field, values[at] ?? ''])) as ClaimValues;
  if (kind === 'ended') {
    const leftOver = detail === 'cancelled' && read.response_id !== '';
    return { kind, leftOver: leftOver ? { lane: read.lane, responseId: read.response_id } : null };
  }
  if (kind !== 'claimed') return { kind: kind as 'stale' | 'missing' };
  return {
    kind,
    claim: {
      jobId,
      attempt: Number(detail),
      life: read.created_at,
      seq,
      crashes,
      failures: Number(read.failures),
      calls: callsOf(read),
      deadlineInMs: deadline === '' ? null : Number(deadline),
      cancelRequested: read.cancel_requested_at !== '',
      spent: read.spent === '' ? noSpend : (JSON.parse(read.spent) as Spend),
      reservation: read.reservation,
      tenant: read.tenant,
      lane: read.lane,
      request: JSON.parse(read.request) as SubmitRequest,
    },
  };
}
