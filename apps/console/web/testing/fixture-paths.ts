/** Addresses of all pages, with jobs that look differently. */
import type { JobStatus } from '@holdfast/core';
import { jobs } from './fixture-jobs.ts';

/** A job in this state. */
export function jobWith(status: JobStatus): string {
  const found = jobs.find((job) => job.status === status);
  if (found === undefined) throw new Error(`There is no made-up job that is ${status}.`);
  return found.id;
}

/** A changed copy of another job. */
export const changedCopy = jobs[2]?.id ?? '';

export const pagePaths: readonly string[] = [
  '/',
  '/jobs',
  `/jobs/${jobWith('completed')}`,
  `/jobs/${jobWith('failed')}`,
  `/jobs/${jobWith('queued')}`,
  `/jobs/${changedCopy}`,
  '/tenants',
  '/tenants/acme',
  '/lanes',
  '/failures',
  '/workers',
  '/audit',
  '/users',
  '/settings',
];
