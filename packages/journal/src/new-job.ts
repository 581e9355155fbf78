/** A submitted job: its description, the arguments of the script `submit`, and the job as clients see it, without reading it. */
import { type AdmissionRequest, admissionArguments } from '@holdfast/cell';
import { formatEvent, formatTraceparent, type Job, type SubmitRequest, type TraceContext } from '@holdfast/core';
import type { Shared } from './leader.ts';
import { jobOf, type Values } from './record.ts';
import { MAX_ARGUMENT_BYTES } from './write/staged-value.ts';

export interface NewJob {
  id: string;
  tenant: string;
  lane: string;
  request: SubmitRequest;
  /** The body as it was sent. It is stored, and the worker reads it. */
  requestText: string;
  /** SHA-256 of `requestText`. */
  digest: string;
  /** Estimated tokens of the job's first provider call, in and out. */
  tokens: number;
  /** Set where it may share its answer with equal jobs. */
  shared?: Shared | null;
  /** Id of the HTTP request that submits it, for the log of its attempts. */
  requestId?: string;
  /** The span that submits it, or its client's: the spans of its attempts are in the same trace. null: it has no trace. */
  trace?: TraceContext | null;
}

/** Longer request ids, which clients choose, are cut off: the record must stay small. */
const MAX_REQUEST_ID = 64;

export interface Admission extends AdmissionRequest {
  /** The tenant's limits are newer than those in the scheduler. */
  areNewer?: boolean;
}

/** Whether `submit` sends its script at once, so that other commands can follow right behind it. */
export function isSentAtOnce({ requestText }: NewJob): boolean {
  return requestText.length * 3 <= MAX_ARGUMENT_BYTES;
}

export function submitArguments(job: NewJob, requestText: string, admission: Admission, retentionMs: number) {
  const { id, tenant, lane, request, digest, tokens, shared, requestId = '', trace = null } = job;
  const { max_running: maxRunning = 0, weight = 1 } = admission.limits;
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
    `${maxRunning} ${weight}`,
    admission.areNewer ? 1 : 0,
    shared?.digest ?? '',
    shared?.ttlMs ?? '',
    retentionMs,
    requestId.slice(0, MAX_REQUEST_ID),
    trace ? formatTraceparent(trace) : '',
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
