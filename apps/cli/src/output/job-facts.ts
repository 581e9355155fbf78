/** What a record of one job says of it, for its tenant and for admins alike. */
import type { JobSummary } from '@holdfast/core';
import type { Cell } from './table.ts';

/** By the words that a record shows. What a job doesn't have is left out. */
export function jobFacts(job: Omit<JobSummary, 'links'>): Record<string, Cell> {
  const { id, task, lane, status, attempt, created_at, finished_at, error, usage } = job;
  return {
    job: id,
    task,
    lane,
    status,
    attempt,
    created: created_at,
    finished: finished_at,
    ...(error ? { error: `${error.code}: ${error.message}` } : {}),
    ...(usage
      ? {
          tokens: usage.input_tokens === null ? 'not counted' : `${usage.input_tokens} in, ${usage.output_tokens} out`,
          'cost USD': usage.estimated ? `${usage.cost_usd} (estimated)` : usage.cost_usd,
        }
      : {}),
  };
}
