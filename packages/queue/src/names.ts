/**
 * Names of what BullMQ holds, and the queue's one key outside of cells:
 *
 *   <p>:workers   zset   worker processes, each with its config's digest, by when they were last seen (ms)
 */
import type { ReleaseName } from '@holdfast/core';

export const workersKey = (prefix: string) => `${prefix}:workers`;

/**
 * With a fixed id, a release made while an old entry lingers would be swallowed; with an id per release, the same release
 * handed over twice is one, and a new one is new.
 */
export function queueJobId({ jobId, release }: ReleaseName): string {
  return `${jobId}.${release}`;
}

/** The release that `queueJobId` named. */
export function releaseOf(id: string): ReleaseName {
  const dot = id.lastIndexOf('.');
  return { jobId: id.slice(0, dot), release: Number(id.slice(dot + 1)) };
}
