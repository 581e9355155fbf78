/** Answers with a job: JSON, with an ETag that changes whenever the job does. */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Caller, Job } from '@holdfast/core';
import type { LargeAnswer, OwnedJob } from '@holdfast/journal';
import type { Response } from '@holdfast/service';
import type { ApiParts } from './parts.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Everything about a job that can change shows in these; hashing a large output for each poll would cost more. */
export function etagOf({ id, created_at, attempt, cursor, status, cancel_requested_at }: Job): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([id, created_at, attempt, cursor, status, cancel_requested_at]))
    .digest('base64url');
  return `"${digest.slice(0, 22)}"`;
}

export function sendJson(response: Response, status: number, body: unknown): void {
  response.status(status).setHeader('content-type', JSON_TYPE);
  if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store');
  response.end(JSON.stringify(body));
}

/**
 * Answers with a job; to a key without the scope `read` (which may submit, cancel and run again) without what came of it. An
 * answer that is too large to be held whole goes out piece by piece, as fast as its reader takes it.
 */
export async function sendJob(
  parts: Pick<ApiParts, 'cells' | 'readerStallMs'>,
  response: Response,
  { scopes }: Caller,
  { status, found }: { status: number; found: OwnedJob },
): Promise<void> {
  const { tenant, job, large } = found;
  response.setHeader('etag', etagOf(job));
  response.setHeader('cache-control', 'private, no-cache');
  if (!scopes.includes('read')) sendJson(response, status, withoutContent(job));
  else if (large === null) sendJson(response, status, job);
  else await sendLargeJob(parts, response, status, { tenant, job, large });
}

async function sendLargeJob(
  { cells, readerStallMs }: Pick<ApiParts, 'cells' | 'readerStallMs'>,
  response: Response,
  status: number,
  { tenant, job, large }: { tenant: string; job: Job; large: LargeAnswer },
): Promise<void> {
  const { journal } = cells.of(tenant);
  const { output, output_text, ...rest } = job;
  response.status(status).setHeader('content-type', JSON_TYPE);
  const body = async function* () {
    yield `${JSON.stringify(rest).slice(0, -1)},"output":`;
    if (large.output > 0) yield* journal.readAnswer(job.id, 'output', large.output);
    else yield JSON.stringify(output);
    yield ',"output_text":';
    if (large.text > 0) yield* journal.readAnswer(job.id, 'text', large.text);
    else yield JSON.stringify(output_text);
    yield '}';
  };
  const stalled = new AbortController();
  response.setTimeout(readerStallMs, () => stalled.abort());
  // A reader who leaves, or takes nothing for so long, ends it; there is nobody left to be told.
  await pipeline(body, response, { signal: stalled.signal }).catch(() => response.destroy());
}

/** Messages of providers and tasks may quote what was asked and answered; codes don't. */
function withoutContent(job: Job): Job {
  const { error } = job;
  const message = 'Only a key with the scope "read" is told more.';
  return {
    ...job,
    output: null,
    output_text: null,
    error: error && { code: error.code, message, retryable: error.retryable },
  };
}
