/** `POST /v1/jobs/{id}/cancel`: cancels a job. Idempotent; the answer is the job as it is afterwards. */
import { type CancelNeeds, cancelJob as cancel, type TenantCells } from '@holdfast/jobs';
import { untilGone } from '@holdfast/service/http';
import type { CallerHandler } from '../access/authenticate.ts';
import { ownedBy, ownSummary } from '../access/own-job.ts';
import type { SendJob } from '../http/send-job.ts';
import type { Statistics } from '../statistics.ts';

interface CancelRoute extends Omit<CancelNeeds, 'onEnded'> {
  cells: TenantCells<'journal' | 'queue'>;
  statistics: Pick<Statistics, 'jobEnded'>;
  sendJob: SendJob;
}

export function cancelJob({ cells, sendJob, statistics, ...needs }: CancelRoute): CallerHandler {
  const onEnded: CancelNeeds['onEnded'] = (job) => statistics.jobEnded(job);
  return async (request, response, caller) => {
    const summary = await ownSummary(cells, caller, request);
    const { id } = summary.job;
    const found = await cancel({ ...needs, onEnded }, cells.of(caller.tenant), summary, untilGone(response));
    await sendJob(response, caller, { status: 200, found: ownedBy(caller, id, found) });
  };
}
