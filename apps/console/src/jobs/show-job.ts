/** Jobs as the admin API shows them. */
import {
  type AdminJob,
  mayActAs,
  type JobDetails as ShownDetails,
  type Timeline as ShownTimeline,
} from '@holdfast/admin';
import { type JobError, type JobSummary, jobSummarySchema } from '@holdfast/core';
import type { JobDetails, Timeline } from '@holdfast/journal';
import type { Actor } from '../access/actor.ts';
import type { ArchivedDetails } from './archived-jobs.ts';

type Viewer = Pick<Actor, 'role'>;

const summaryMembers = Object.keys(jobSummarySchema.shape).filter((name) => name !== 'links');

/** Whether the actor may see prompts and answers. */
export function seesContent({ role }: Viewer): boolean {
  return role !== null && mayActAs(role, 'operator');
}

/** By an allow-list: a job may come with its answer. */
export function showJob(
  { tenant, job }: { tenant: string; job: JobSummary },
  actor: Viewer,
  from: AdminJob['from'] = 'redis',
): AdminJob {
  const shown = Object.fromEntries(Object.entries(job).filter(([name]) => summaryMembers.includes(name)));
  const summary = shown as unknown as Omit<JobSummary, 'links'>;
  return { ...summary, error: showError(job.error, actor), tenant, from };
}

/** Messages of providers and tasks may quote the request or the answer; codes don't. */
export function showError(error: JobError | null, actor: Viewer): JobError | null {
  return error && { ...error, message: showMessage(error.message, actor) };
}

export function showMessage(message: string, actor: Viewer): string {
  return seesContent(actor) ? message : 'Only the roles operator and admin see the message.';
}

export function showDetails(details: JobDetails, actor: Viewer): ShownDetails {
  const { requestId, copiedFrom, requestSize, outputSize, textSize, timeline, trace, job } = details;
  const sizes = [outputSize, textSize].filter((size) => size !== null);
  return {
    ...showJob(details, actor),
    timeline: showTimeline(timeline),
    request_id: requestId,
    trace_id: trace?.traceId ?? null,
    copied_from: copiedFrom,
    rerun_of: job.metadata.rerun_of ?? null,
    request_size: requestSize,
    output_size: sizes.length > 0 ? sizes.reduce((sum, size) => sum + size, 0) : null,
  };
}

function showTimeline({ attempts, calls, steps }: Timeline): ShownTimeline {
  return {
    attempts,
    calls: calls.map(({ endpoint: _, retryable: __, ...call }) => call),
    steps: steps.map(({ replayed: _, ...step }) => step),
  };
}

/** What the archive has of a job. */
export function showArchived({ tenant, job, trace, timeline }: ArchivedDetails, actor: Viewer): ShownDetails {
  return {
    ...showJob({ tenant, job }, actor, 'archive'),
    timeline,
    request_id: null,
    trace_id: trace?.traceId ?? null,
    copied_from: null,
    rerun_of: job.metadata.rerun_of ?? null,
    request_size: null,
    output_size: null,
  };
}
