/** `DELETE /v1/jobs/{id}`: deletes an ended job with its request and answer. Its cost stays in the tenant's ledger. */

import { RequestError } from '@holdfast/core';
import type { TenantCells } from '@holdfast/jobs';
import { jobNotFound } from '@holdfast/journal';
import type { DurableWrites } from '@holdfast/redis';
import type { CallerHandler } from '../access/authenticate.ts';
import { ownSummary } from '../access/own-job.ts';
import { sendJson } from '../http/send-json.ts';

interface DeleteRoute {
  cells: TenantCells<'journal'>;
  writes: Pick<DurableWrites, 'run'>;
}

export function deleteJob({ cells, writes }: DeleteRoute): CallerHandler {
  return async (request, response, caller) => {
    const { id } = (await ownSummary(cells, caller, request)).job;
    const { journal } = cells.of(caller.tenant);
    const reply = await writes.run((redis) => journal.over(redis).delete(id));
    if (reply === 'missing') throw jobNotFound(id);
    if (reply === 'not_ended') {
      throw new RequestError('job_not_ended', 'The job has not ended; cancel it first.', { param: 'id' });
    }
    sendJson(response, 200, { id, object: 'job', deleted: true });
  };
}
