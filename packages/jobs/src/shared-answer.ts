/**
 * Which jobs may share one answer, where they ask for it (`cache`): jobs of one tenant with the same task, model and input. Not
 * compared are `stream`, which no task obeys, and how and when a job runs or what its client stores with it: none of that changes
 * the answer. The script that creates the job decides which of the equal jobs makes the call.
 */
import { hash } from 'node:crypto';
import { canonicalJson, type SubmitRequest } from '@holdfast/core';
import type { Shared } from '@holdfast/journal';
import { modelOf, type Task } from '@holdfast/tasks';

/** null: the job shares nothing. */
export function sharedOf(tenant: string, task: Task, { input, cache = task.cache }: SubmitRequest): Shared | null {
  if (!cache) return null;
  const { stream: _, ...rest } = input;
  const compared = canonicalJson([tenant, task.name, modelOf(task, input), task.endpoint ? rest : input]);
  return { digest: hash('sha256', compared, 'base64url'), ttlMs: cache.ttl_s * 1_000 };
}
