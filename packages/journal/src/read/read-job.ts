/** All that is known of a job of any tenant, for admins: what its clients see, what only the record has, its prompt and its answer. */
import type { JsonValue } from '@holdfast/core';
import { type Journal, MAX_READ_WHOLE } from '../journal.ts';
import type { OwnedSummary } from '../record.ts';
import { readTimeline, type Timeline } from './read-timeline.ts';

/** Everything but the content. Its id is the digest of tenant and idempotency key. */
export interface JobDetails extends OwnedSummary {
  /** Id of the HTTP request that submitted it. */
  requestId: string | null;
  /** SHA-256 of the body as it was sent. */
  digest: string;
  /** The equal job whose answer it has. */
  copiedFrom: string | null;
  /** Bytes; null: there is none. */
  requestSize: number | null;
  outputSize: number | null;
  textSize: number | null;
  timeline: Timeline;
}

export interface JobContent {
  /** The body as it was sent, parsed. null: it is gone, or too large. */
  request: JsonValue;
  output: JsonValue;
  outputText: string | null;
  /** What is larger than 1 MB, and therefore null. */
  cut: ('request' | 'output' | 'output_text')[];
}

const extraFields = ['request_id', 'digest', 'copied_from', 'request_size', 'output_size', 'text_size'] as const;

/** null: there is no such job. */
export async function readJobDetails(journal: Journal, jobId: string): Promise<JobDetails | null> {
  const { record } = journal.keysOf(jobId);
  const [[summary], extra, timeline] = await Promise.all([
    journal.getSummaries([jobId]),
    journal.redis.hmget(record, ...extraFields),
    readTimeline(journal, jobId),
  ]);
  if (!summary || !timeline) return null;
  const [requestId, digest, copiedFrom, ...sizes] = extra;
  const [requestSize = null, outputSize = null, textSize = null] = sizes.map((size) => (size ? Number(size) : null));
  return {
    ...summary,
    requestId: requestId || null,
    digest: digest ?? '',
    copiedFrom: copiedFrom || null,
    requestSize,
    outputSize,
    textSize,
    timeline,
  };
}

/** Reads no more than 1 MB of each part. null: there is no such job. */
export async function readJobContent(journal: Journal, jobId: string): Promise<JobContent | null> {
  const [found, size] = await Promise.all([
    journal.get(jobId),
    journal.redis.hget(journal.keysOf(jobId).record, 'request_size'),
  ]);
  if (!found) return null;
  const { job, large } = found;
  const isRequestCut = Number(size) > MAX_READ_WHOLE;
  const request = isRequestCut ? null : await journal.requestText(jobId);
  const cut: JobContent['cut'] = isRequestCut ? ['request'] : [];
  if (large && large.output > 0) cut.push('output');
  if (large && (large.text > 0 || job.output_text === null)) cut.push('output_text');
  return {
    request: request === null ? null : (JSON.parse(request) as JsonValue),
    output: job.output,
    outputText: job.output_text,
    cut,
  };
}
