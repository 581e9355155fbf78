/**
 * What a job shares its answer by, where it asks for that (`cache`). Equal are jobs of one tenant with the same task, model and
 * input; `stream`, which no task obeys, doesn't count. How and when a job runs, and what its client keeps with it, is no part of
 * its answer. Which of the equal jobs makes the call is decided in the script that creates the job.
 */
import { hash } from 'node:crypto';
import { canonicalJson, type SubmitRequest } from '@holdfast/core';
import type { Shared } from '@holdfast/journal';
import { modelOf, type Task } from '@holdfast/tasks';

/** null: the job shares nothing. */
export function sharedOf(tenant: string, task: Task, { input, cache = task.cache }: SubmitRequest): Shared | null {
  if (!cache) return null;
  const { stream: _, ...rest } = input;
  const asked = canonicalJson([tenant, task.name, modelOf(task, input), task.endpoint ? rest : input]);
  return { digest: hash('sha256', asked, 'base64url'), ttlMs: cache.ttl_s * 1_000 };
}
