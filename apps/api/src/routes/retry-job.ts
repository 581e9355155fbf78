/** `POST /v1/jobs/{id}/retry`: a failed or cancelled job runs again under its id, and its journal goes on. */
import { type RetryNeeds, retryJob as retry } from '@holdfast/jobs';
import type { CallerHandler } from '../access/authenticate.ts';
import { ownJob, ownSummary } from '../access/own-job.ts';
import { setRateLimitHeaders } from '../http/rate-limit-headers.ts';
import type { SendJob } from '../http/send-job.ts';

export function retryJob({ sendJob, ...needs }: RetryNeeds & { sendJob: SendJob }): CallerHandler {
  const { cells } = needs;
  return async (request, response, caller) => {
    const { requests, refusal } = await retry(needs, await ownSummary(cells, caller, request));
    setRateLimitHeaders(response, requests);
    if (refusal) throw refusal;
    await sendJob(response, caller, { status: 202, found: await ownJob(cells, caller, request) });
  };
}
