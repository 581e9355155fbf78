/** Jobs of all tenants through the admin API: one by its id, its content and events, and what an operator may do to it. */
import { cancelJob } from '@holdfast/jobs';
import { jobNotFound } from '@holdfast/journal';
import { untilGone } from '@holdfast/service';
import type { Handlers } from '../api/handler.ts';
import type { ConsoleCells } from '../cells.ts';
import { type ActNeeds, forget, rerun, retry } from './act-on-job.ts';
import { actOnAll } from './bulk.ts';
import { findJob, findJobs } from './find-job.ts';
import { readContent } from './job-content.ts';
import { type StreamNeeds, streamEvents } from './job-events.ts';
import { showJob } from './show-job.ts';

export interface JobHandlersNeeds extends ActNeeds, StreamNeeds {
  cells: ConsoleCells;
  logger: ActNeeds['logger'];
  feed: StreamNeeds['feed'];
}

type Names = 'job' | 'jobContent' | 'jobEvents' | 'cancelJob' | 'retryJob' | 'rerunJob' | 'deleteJob' | 'bulk';

export function jobHandlers(needs: JobHandlersNeeds): Handlers<Names> {
  return { ...readingHandlers(needs), ...actingHandlers(needs), ...bulkHandlers(needs) };
}

function readingHandlers(needs: JobHandlersNeeds): Handlers<'job' | 'jobContent' | 'jobEvents'> {
  const { cells } = needs;
  return {
    job: async ({ params, actor }) => {
      const found = await findJob(cells, params.id);
      return {
        ...showJob(found, actor),
        timeline: null,
        request_id: null,
        trace_id: null,
        copied_from: null,
        rerun_of: found.job.metadata.rerun_of ?? null,
        request_size: null,
        output_size: null,
      };
    },
    jobContent: async ({ params, note }) => {
      const found = await findJob(cells, params.id);
      note({ tenant: found.tenant });
      return readContent(found);
    },
    jobEvents: async ({ params, note, request, response }) => {
      const found = await findJob(cells, params.id);
      note({ tenant: found.tenant, details: { events: true } });
      streamEvents(needs, found, request, response);
    },
  };
}

function actingHandlers(needs: JobHandlersNeeds): Handlers<'cancelJob' | 'retryJob' | 'rerunJob' | 'deleteJob'> {
  const { cells } = needs;
  return {
    cancelJob: async ({ params, actor, note, response }) => {
      const { cell, tenant } = await findJob(cells, params.id);
      note({ tenant });
      const after = await cancelJob(needs, cell, params.id, untilGone(response));
      if (after === null) throw jobNotFound(params.id);
      const [summary] = await cell.journal.getSummaries([params.id]);
      if (!summary) throw jobNotFound(params.id);
      return showJob(summary, actor);
    },
    retryJob: async ({ params, actor, note }) => {
      const found = await findJob(cells, params.id);
      note({ tenant: found.tenant });
      await retry(needs, found);
      return showJob(await findJob(cells, params.id), actor);
    },
    rerunJob: async ({ params, body, actor, note, request, response }) => {
      const found = await findJob(cells, params.id);
      note({ tenant: found.tenant });
      const made = await rerun(needs, found, body, request.requestId);
      note({ tenant: found.tenant, details: { made: made.job.id } });
      response.setHeader('location', `/admin/v1/jobs/${made.job.id}`);
      return showJob(made, actor);
    },
    deleteJob: async ({ params, note }) => {
      const found = await findJob(cells, params.id);
      note({ tenant: found.tenant });
      await forget(needs, found);
    },
  };
}

function bulkHandlers(needs: JobHandlersNeeds): Handlers<'bulk'> {
  const { cells } = needs;
  return {
    bulk: async ({ body, note }) => {
      const ids = [...new Set(body.ids)];
      const found = await findJobs(cells, ids);
      const jobs = found.filter((one) => one !== null);
      const missing = ids.filter((_, at) => found[at] === null);
      const result = await actOnAll(needs, body, { jobs, missing, nextCursor: null });
      const { matched, done, skipped, failed } = result;
      note({ details: { matched, done, skipped, failed: failed.length } });
      return result;
    },
  };
}
