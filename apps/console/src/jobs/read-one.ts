/** One job for whoever looks into it: from Redis, or else from the archive. */
import type { JobContent, JobDetails } from '@holdfast/admin';
import { isJobId, outputTextOf } from '@holdfast/core';
import { jobNotFound, MAX_READ_WHOLE, readJobContent, readJobDetails } from '@holdfast/journal';
import type { Actor } from '../access/actor.ts';
import type { ArchivedDetails, ArchivedText } from './archived-jobs.ts';
import { findJobs } from './find-job.ts';
import type { Sources } from './search-all.ts';
import { showArchived, showDetails } from './show-job.ts';

/** @throws RequestError `job_not_found`, `store_unavailable` */
export async function readDetails(sources: Sources, id: string, actor: Pick<Actor, 'role'>): Promise<JobDetails> {
  const [found] = await findJobs(sources.cells, [id]);
  const details = found ? await readJobDetails(found.cell.journal, id) : null;
  return details ? showDetails(details, actor) : showArchived(await archivedJob(sources, id), actor);
}

/** @throws RequestError `job_not_found`, `store_unavailable` */
export async function readContent(sources: Sources, id: string): Promise<{ tenant: string; content: JobContent }> {
  const [found] = await findJobs(sources.cells, [id]);
  const content = found ? await readJobContent(found.cell.journal, id) : null;
  if (found && content) {
    const { request, output, outputText, cut } = content;
    return { tenant: found.tenant, content: { request, output, output_text: outputText, cut } };
  }
  const { tenant } = await archivedJob(sources, id);
  return { tenant, content: showText((await sources.archive?.content(id)) ?? { request: null, output: null }) };
}

/** @throws RequestError `job_not_found`, `store_unavailable` */
export async function archivedJob({ archive }: Pick<Sources, 'archive'>, id: string): Promise<ArchivedDetails> {
  const found = isJobId(id) ? await archive?.get(id) : null;
  if (!found) throw jobNotFound(id);
  return found;
}

function showText({ request, output }: ArchivedText): JobContent {
  const isLong = (text: string | null) => text !== null && text.length > MAX_READ_WHOLE;
  const parse = (text: string | null) =>
    text === null || isLong(text) ? null : (JSON.parse(text) as JobContent['output']);
  const shown = parse(output);
  return {
    request: parse(request),
    output: shown,
    output_text: shown === null ? null : outputTextOf(shown),
    cut: [
      ...(isLong(request) ? ['request' as const] : []),
      ...(isLong(output) ? ['output' as const, 'output_text' as const] : []),
    ],
  };
}
