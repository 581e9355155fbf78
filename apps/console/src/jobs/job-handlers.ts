/** Jobs of all tenants through the admin API: one by its id, its content and events, and what an operator may do to it. */
import { cancelJob } from '@holdfast/jobs';
import { jobNotFound } from '@holdfast/journal';
import { untilGone } from '@holdfast/service/http';
import type { Handlers } from '../api/handler.ts';
import type { ConsoleCells } from '../cells.ts';
import { type ActNeeds, forgetEverywhere, rerun, retry } from './act-on-job.ts';
import { actOnAll } from './bulk.ts';
import { findJob } from './find-job.ts';
import { type StreamNeeds, streamEvents } from './job-events.ts';
import { filterOf, metadataIn } from './job-filter.ts';
import { readContent, readDetails } from './read-one.ts';
import { type Sources, searchAll } from './search-all.ts';
import { select } from './select-jobs.ts';
import { showJob } from './show-job.ts';

const noJobs = { data: [], next: null, scannedTo: null };

export interface JobHandlersNeeds extends ActNeeds, StreamNeeds, Sources {
  cells: ConsoleCells;
  logger: ActNeeds['logger'];
  feed: StreamNeeds['feed'];
}

type Names =
  | 'searchJobs'
  | 'job'
  | 'jobContent'
  | 'jobEvents'
  | 'cancelJob'
  | 'retryJob'
  | 'rerunJob'
  | 'deleteJob'
  | 'bulk';

export function jobHandlers(needs: JobHandlersNeeds): Handlers<Names> {
  return { ...readingHandlers(needs), ...actingHandlers(needs), ...bulkHandlers(needs) };
}

function readingHandlers(needs: JobHandlersNeeds): Handlers<'searchJobs' | 'job' | 'jobContent' | 'jobEvents'> {
  const { cells } = needs;
  return {
    searchJobs: async ({ query, actor }) => {
      const { limit, cursor, ...asked } = query;
      const filter = filterOf({ ...asked, metadata: metadataIn(query) });
      const page = filter ? await searchAll(needs, { filter, limit, cursor }, actor) : noJobs;
      const { data, next, scannedTo } = page;
      return { object: 'list', data, next_cursor: next, scanned_to: scannedTo, archived: needs.archive !== null };
    },
    job: ({ params, actor }) => readDetails(needs, params.id, actor),
    jobContent: async ({ params, note }) => {
      const { tenant, content } = await readContent(needs, params.id);
      note({ tenant });
      return content;
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
      const found = await findJob(cells, params.id);
      const { cell, tenant } = found;
      note({ tenant });
      const after = await cancelJob(needs, cell, found, untilGone(response));
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
      note({ tenant: found.tenant, details: { made: made.id } });
      response.setHeader('location', `/admin/v1/jobs/${made.id}`);
      return showJob({ tenant: found.tenant, job: made }, actor);
    },
    deleteJob: async ({ params, note }) => {
      note({ tenant: await forgetEverywhere(needs, params.id) });
    },
  };
}

function bulkHandlers(needs: JobHandlersNeeds): Handlers<'bulk'> {
  const { cells } = needs;
  return {
    bulk: async ({ body, note }) => {
      const result = await actOnAll(needs, body, await select(cells, body));
      const { matched, done, skipped, failed } = result;
      note({ details: { matched, done, skipped, failed: failed.length } });
      return result;
    },
  };
}
