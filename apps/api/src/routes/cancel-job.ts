/** `POST /v1/jobs/{id}/cancel`: cancels a job. Idempotent; the answer is the job as it is afterwards. */
import { type CancelNeeds, cancelJob as cancel, type TenantCells } from '@holdfast/jobs';
import { untilGone } from '@holdfast/service';
import type { CallerHandler } from '../access/authenticate.ts';
import { ownedBy, ownSummary } from '../access/own-job.ts';
import type { SendJob } from '../http/send-job.ts';

interface CancelRoute extends CancelNeeds {
  cells: TenantCells<'journal' | 'queue'>;
  sendJob: SendJob;
}

export function cancelJob({ cells, sendJob, ...needs }: CancelRoute): CallerHandler {
  return async (request, response, caller) => {
    const { id } = (await ownSummary(cells, caller, request)).job;
    const found = await cancel(needs, cells.of(caller.tenant), id, untilGone(response));
    await sendJob(response, caller, { status: 200, found: ownedBy(caller, id, found) });
  };
}
