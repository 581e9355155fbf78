/**
 * Names of what BullMQ holds, and the queue's keys outside of cells:
 *
 *   <p>:workers   zset   worker processes, each with its config's digest, by when they were last seen (ms)
 *   <p>:blocked   hash   `times <task>`, `ms <task>`: how often, and how long, a task has blocked a worker's event loop
 */
import type { ReleaseName } from '@holdfast/core';

export const workersKey = (prefix: string) => `${prefix}:workers`;
export const blockedKey = (prefix: string) => `${prefix}:blocked`;

/** BullMQ's keys of a lane's queue: its active jobs, those that may have stalled; a job's lock is `<base><id>:lock`. */
export function queueKeys(bull: string, lane: string) {
  const base = `${bull}:${lane}:`;
  return { base, active: `${base}active`, stalled: `${base}stalled` };
}

/** How long a lock of BullMQ's lasts after its last renewal, in ms. It is renewed four times within that. */
export const LOCK_MS = 5_000;

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
