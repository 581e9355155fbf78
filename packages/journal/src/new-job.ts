/** A job that is submitted: what it is, what the script of the submit is told, and what is known of it without asking. */
import { type AdmissionRequest, admissionArguments } from '@holdfast/cell';
import { formatEvent, type Job, type SubmitRequest } from '@holdfast/core';
import type { Shared } from './leader.ts';
import { jobOf, type Values } from './record.ts';
import { MAX_ARGUMENT_BYTES } from './write/staged-value.ts';

export interface NewJob {
  id: string;
  tenant: string;
  lane: string;
  request: SubmitRequest;
  /** The body as it was sent: stored, and what a worker gets to see. */
  requestText: string;
  /** SHA-256 of `requestText`. */
  digest: string;
  /** Estimate of the tokens, in and out, of the job's first provider call. */
  tokens: number;
  /** It may be answered by an equal job, or answer for one. */
  shared?: Shared | null;
  /** Of the HTTP request that submits it: the log of its attempts has it too. */
  requestId?: string;
}

/** Short values keep the record small; what is longer in an id that a client made up is cut off. */
const MAX_REQUEST_ID = 64;

export interface Admission extends AdmissionRequest {
  /** The tenant's limits are newer than those that the scheduler has. */
  areNewer?: boolean;
}

/** Whether the submit has left for Redis when `submit` returns: others can be sent right behind it. */
export function isSentAtOnce({ requestText }: NewJob): boolean {
  return requestText.length * 3 <= MAX_ARGUMENT_BYTES;
}

export function submitArguments(job: NewJob, requestText: string, admission: Admission, retentionMs: number) {
  const { id, tenant, lane, request, digest, tokens, shared, requestId = '' } = job;
  const { max_running: most = 0, weight = 1 } = admission.limits;
  return [
    id,
    digest,
    requestText,
    formatEvent(1, 'job.accepted', { task: request.task, lane }),
    tenant,
    lane,
    request.task,
    request.priority ?? 0,
    tokens,
    request.delay_ms || '',
    request.deadline_ms ?? '',
    request.metadata ? JSON.stringify(request.metadata) : '',
    ...admissionArguments(admission),
    `${most} ${weight}`,
    admission.areNewer ? 1 : 0,
    shared?.digest ?? '',
    shared?.ttlMs ?? '',
    retentionMs,
    requestId.slice(0, MAX_REQUEST_ID),
  ];
}

export function createdJob({ id, tenant, lane, request }: NewJob, createdAt: number): Job {
  const { priority = 0, delay_ms: delay, deadline_ms: deadline, metadata } = request;
  const record: Record<string, string> = {
    tenant,
    lane,
    task: request.task,
    status: 'queued',
    attempt: '0',
    seq: '1',
    priority: String(priority),
    created_at: String(createdAt),
    ...(delay ? { due_at: String(createdAt + delay) } : {}),
    ...(deadline === undefined ? {} : { deadline_at: String(createdAt + deadline) }),
  };
  const details: Values = metadata ? { metadata: JSON.stringify(metadata) } : {};
  const created = jobOf(id, { record, details, output: null, text: null });
  if (!created) throw new Error('a created job has a record');
  return created.job;
}
