/** Answers with a job: JSON, with an ETag that changes whenever the job does. */
import { pipeline } from 'node:stream/promises';
import type { Caller, Job } from '@holdfast/core';
import type { LargeAnswer, OwnedJob } from '@holdfast/journal';
import { type Response, sendBody } from '@holdfast/service';
import type { ApiParts } from '../parts.ts';
import { etagOf } from './etag.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

type AnswerParts = Pick<ApiParts, 'cells' | 'readerStallMs' | 'held'>;

/** @param headers with names in lower case */
export function sendJson(
  response: Response,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const type = { 'content-type': JSON_TYPE, 'cache-control': 'no-store' };
  sendBody(response, status, JSON.stringify(body), { ...type, ...headers });
}

/** What tells copies of a job apart. An answer of 304 bears it as well. */
function validatorsOf(job: Job): Record<string, string> {
  return { etag: etagOf(job), 'cache-control': 'private, no-cache' };
}

/** The client has the job as it is. */
export function sendNotModified(response: Response, job: Job): void {
  response.writeHead(304, validatorsOf(job)).end();
}

/**
 * Answers with a job; to a key without the scope `read` (which may submit, cancel and run again) without what came of it. An
 * answer that is too large to be held whole goes out piece by piece, as fast as its reader takes it.
 */
export async function sendJob(
  parts: AnswerParts,
  response: Response,
  { scopes }: Caller,
  { status, found, headers: own }: { status: number; found: OwnedJob; headers?: Record<string, string> },
): Promise<void> {
  const { tenant, job, large } = found;
  const headers = { ...validatorsOf(job), ...own };
  if (!scopes.includes('read')) sendJson(response, status, withoutContent(job), headers);
  else if (large === null) sendJson(response, status, job, headers);
  else await sendLargeJob(parts, response, status, { tenant, job, large }, headers);
}

async function sendLargeJob(
  { cells, readerStallMs, held }: AnswerParts,
  response: Response,
  status: number,
  { tenant, job, large }: { tenant: string; job: Job; large: LargeAnswer },
  headers: Record<string, string>,
): Promise<void> {
  const { journal } = cells.of(tenant);
  const { output, output_text, ...rest } = job;
  const cut = new AbortController();
  // Before anything is sent: it may be refused.
  held.hold(response, () => cut.abort());
  response.writeHead(status, { ...headers, 'content-type': JSON_TYPE });
  const body = async function* () {
    yield `${JSON.stringify(rest).slice(0, -1)},"output":`;
    if (large.output > 0) yield* journal.readAnswer(job.id, 'output', large.output);
    else yield JSON.stringify(output);
    yield ',"output_text":';
    if (large.text > 0) yield* journal.readAnswer(job.id, 'text', large.text);
    else yield JSON.stringify(output_text);
    yield '}';
  };
  response.setTimeout(readerStallMs, () => cut.abort());
  // A reader who leaves, takes nothing for so long, or whose key is revoked, ends it; there is nobody left to be told.
  await pipeline(body, response, { signal: cut.signal }).catch(() => response.destroy());
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
