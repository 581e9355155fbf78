/** Jobs as the admin API shows them. */
import { type AdminJob, mayActAs } from '@holdfast/admin';
import type { JobError } from '@holdfast/core';
import type { OwnedSummary } from '@holdfast/journal';
import type { Actor } from '../access/actor.ts';

/** Whether the actor may see prompts and answers. */
export function seesContent({ role }: Pick<Actor, 'role'>): boolean {
  return role !== null && mayActAs(role, 'operator');
}

export function showJob({ tenant, job }: OwnedSummary, actor: Pick<Actor, 'role'>): AdminJob {
  const { links: _, ...summary } = job;
  return { ...summary, error: showError(summary.error, actor), tenant, from: 'redis' };
}

/** Messages of providers and tasks may quote the request or the answer; codes don't. */
export function showError(error: JobError | null, actor: Pick<Actor, 'role'>): JobError | null {
  if (error === null || seesContent(actor)) return error;
  return { ...error, message: 'Only the roles operator and admin see the message.' };
}
