/** Answers with a job: JSON, with an ETag that changes whenever the job does. */
import { createHash } from 'node:crypto';
import type { Job } from '@holdfast/core';
import type { Response } from '@holdfast/service';

/** Everything about a job that can change shows in these; hashing a large output for each poll would cost more. */
export function etagOf({ id, created_at, attempt, cursor, status, cancel_requested_at }: Job): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([id, created_at, attempt, cursor, status, cancel_requested_at]))
    .digest('base64url');
  return `"${digest.slice(0, 22)}"`;
}

export function sendJson(response: Response, status: number, body: unknown): void {
  response.status(status).setHeader('content-type', 'application/json; charset=utf-8');
  if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store');
  response.end(JSON.stringify(body));
}

export function sendJob(response: Response, status: number, job: Job): void {
  response.setHeader('etag', etagOf(job));
  response.setHeader('cache-control', 'private, no-cache');
  sendJson(response, status, job);
}
