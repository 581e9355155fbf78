/** Jobs that ended in this process: in a worker as a rule; in any process where a job ends while it waits. */
import type { EndedJob } from '@holdfast/core';
import { longSeconds, type Metrics } from './metrics.ts';

/** @param tasks names of all tasks. @returns counts a job's end */
export function countEndedJobs(metrics: Metrics, tasks: Iterable<string>): (ended: EndedJob) => void {
  const known = new Set(tasks);
  const jobs = metrics.counter('holdfast_jobs_ended_total', 'Jobs that this process has ended', [
    'lane',
    'task',
    'outcome',
  ]);
  const durations = metrics.histogram(
    'holdfast_job_duration_seconds',
    'Time from the creation of a job to its end; of a retried job, from its first creation',
    ['lane', 'outcome'],
    longSeconds,
  );
  return ({ lane, task, outcome, seconds }) => {
    jobs.inc({ lane, task: known.has(task) ? task : 'other', outcome });
    durations.observe({ lane, outcome }, seconds);
  };
}
