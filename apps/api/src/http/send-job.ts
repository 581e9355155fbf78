/** Answers with a job: JSON, with an ETag that changes whenever the job does. */

import { pipeline } from 'node:stream/promises';
import type { Caller, Job } from '@holdfast/core';
import type { TenantCells } from '@holdfast/jobs';
import type { Journal, LargeAnswer, OwnedJob } from '@holdfast/journal';
import type { Response } from '@holdfast/service/http';
import type { HeldRequests } from '../bounds/held-requests.ts';
import { etagOf } from './etag.ts';
import { JSON_TYPE, sendJson } from './send-json.ts';

interface JobSenderOptions {
  cells: TenantCells<'journal'>;
  held: Pick<HeldRequests, 'hold'>;
  /** A reader who takes nothing for this long, in ms, is cut off. */
  readerStallMs: number;
}

interface JobAnswer {
  status: number;
  found: OwnedJob;
  /** With names in lower case. */
  headers?: Record<string, string>;
}

export type SendJob = (response: Response, caller: Caller, answer: JobAnswer) => Promise<void>;

/** Headers that tell one version of a job from another. A 304 carries them as well. */
function validatorsOf(job: Job): Record<string, string> {
  return { etag: etagOf(job), 'cache-control': 'private, no-cache' };
}

/** The client has this version of the job already. */
export function sendNotModified(response: Response, job: Job): void {
  response.writeHead(304, validatorsOf(job)).end();
}

/**
 * Makes the function that answers with a job. A key without the scope `read` (which may submit, cancel and retry) doesn't get to
 * see the job's answer. An answer too large to be held in memory goes out piece by piece, as fast as its reader takes it.
 */
export function jobSender({ cells, held, readerStallMs }: JobSenderOptions): SendJob {
  return async (response, { scopes }, { status, found, headers: extra }) => {
    const { tenant, job, large } = found;
    const headers = { ...validatorsOf(job), ...extra };
    if (!scopes.includes('read')) return sendJson(response, status, withoutContent(job), headers);
    if (large === null) return sendJson(response, status, job, headers);
    const cut = new AbortController();
    // Before anything is sent: it may be refused.
    held.hold(response, () => cut.abort());
    response.writeHead(status, { ...headers, 'content-type': JSON_TYPE });
    response.setTimeout(readerStallMs, () => cut.abort());
    const body = largeBody(cells.of(tenant).journal, job, large);
    // A reader who leaves or stalls, or a revoked key, ends it. Nobody is left to hear of an error.
    await pipeline(body, response, { signal: cut.signal }).catch(() => response.destroy());
  };
}

async function* largeBody(journal: Journal, job: Job, large: LargeAnswer): AsyncGenerator<string | Buffer> {
  const { output, output_text, ...rest } = job;
  yield `${JSON.stringify(rest).slice(0, -1)},"output":`;
  if (large.output > 0) yield* journal.readAnswer(job.id, 'output', large.output);
  else yield JSON.stringify(output);
  yield ',"output_text":';
  if (large.text > 0) yield* journal.readAnswer(job.id, 'text', large.text);
  else yield JSON.stringify(output_text);
  yield '}';
}

/** Error messages of providers and tasks may quote the request or the answer; codes don't. */
function withoutContent(job: Job): Job {
  const { error } = job;
  return {
    ...job,
    output: null,
    output_text: null,
    error: error && {
      code: error.code,
      message: 'Only an API key with the scope "read" sees the message.',
      retryable: error.retryable,
    },
  };
}
