/**
 * Stage 1 of 6: submit. Before it: `packages/client`; after it: `packages/queue`.
 *
 *   1. validate  who asks (again, once the body has arrived), idempotency key, body, task, input: `submit/validate-submit.ts`
 *   2. submit    one durable script creates the job and dispatches it, or finds it: `submit/submit-or-replay.ts`
 *   3. answer    202 new, 200 the key names it already, 422 another body under the same key, 429 refused by a limit
 *
 * A crash in 1 leaves nothing. Once the script of 2 has run, the job waits in the scheduler, whichever process dies.
 */
import type { CallerHandler } from '../access/authenticate.ts';
import { setRateLimitHeaders } from '../http/rate-limit-headers.ts';
import type { SendJob } from '../http/send-job.ts';
import type { Statistics } from '../statistics.ts';
import { type AcceptedSubmit, type SubmitNeeds, submitOrReplay } from '../submit/submit-or-replay.ts';
import { type ValidateNeeds, validateSubmit } from '../submit/validate-submit.ts';

interface SubmitRoute extends ValidateNeeds, SubmitNeeds {
  statistics: Pick<Statistics, 'submitOver'>;
  sendJob: SendJob;
}

export function submitJob(route: SubmitRoute): CallerHandler {
  return async (request, response) => {
    const submission = await validateSubmit(route, request);
    response.about = { tenant: submission.job.tenant, jobId: submission.job.id };
    const outcome = await submitOrReplay(route, submission);
    route.statistics.submitOver(submission.job.tenant, outcome.result);
    setRateLimitHeaders(response, outcome.requests);
    if (outcome.kind === 'refused') throw outcome.refusal;
    await route.sendJob(response, submission.caller, answerTo(outcome));
  };
}

function answerTo({ result, found }: AcceptedSubmit) {
  const location = found.job.links.self;
  if (result !== 'replayed') return { status: 202, found, headers: { location } };
  return { status: 200, found, headers: { location, 'idempotent-replayed': 'true' } };
}
