/** Answers with a job: JSON, with an ETag that changes whenever the job does. */
import { createHash } from 'node:crypto';
import type { Caller, Job } from '@holdfast/core';
import { type Response, sendBody } from '@holdfast/service';

/** Everything about a job that can change shows in these; hashing a large output for each poll would cost more. */
export function etagOf({ id, created_at, attempt, cursor, status, cancel_requested_at }: Job): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([id, created_at, attempt, cursor, status, cancel_requested_at]))
    .digest('base64url');
  return `"${digest.slice(0, 22)}"`;
}

/** @param headers with names in lower case */
export function sendJson(
  response: Response,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const type = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  sendBody(response, status, JSON.stringify(body), { ...type, ...headers });
}

/** To a key without the scope `read` (which may submit, cancel and run again) without what came of it. */
export function sendJob(response: Response, { scopes }: Caller, status: number, job: Job): void {
  const headers = { etag: etagOf(job), 'cache-control': 'private, no-cache' };
  sendJson(response, status, scopes.includes('read') ? job : withoutContent(job), headers);
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
