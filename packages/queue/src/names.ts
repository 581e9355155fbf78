/**
 * Names of BullMQ's keys, and the queue's keys outside of cells:
 *
 *   <p>:workers   zset   worker processes, each with the digest of its config, by when they were last seen (ms)
 *   <p>:worker:<id>   string   what a worker says of itself (JSON); 10 s after its last word it is gone
 *   <p>:blocked   hash   `times <task>`, `ms <task>`: how often, and how long, a task has blocked a worker's event loop
 */
import type { ReleaseName } from '@holdfast/core';

export const workersKey = (prefix: string) => `${prefix}:workers`;
export const workerKey = (prefix: string, id: string) => `${prefix}:worker:${id}`;
export const blockedKey = (prefix: string) => `${prefix}:blocked`;

/** BullMQ's keys of a lane's queue: its active jobs, those that may have stalled; a job's lock is `<base><id>:lock`. */
export function queueKeys(bull: string, lane: string) {
  const base = `${bull}:${lane}:`;
  return { base, active: `${base}active`, stalled: `${base}stalled` };
}

/** How long a lock of BullMQ lasts after its last renewal, in ms. It is renewed four times in that time. */
export const LOCK_MS = 5_000;

/**
 * The id of a release in BullMQ. With one id per job, BullMQ would ignore a new release while an old entry exists. With one id per
 * release, a release that is handed over twice is one entry, and a new release is a new one.
 */
export function queueJobId({ jobId, release }: ReleaseName): string {
  return `${jobId}.${release}`;
}

/** The release that `queueJobId` named. */
export function releaseOf(id: string): ReleaseName {
  const dot = id.lastIndexOf('.');
  return { jobId: id.slice(0, dot), release: Number(id.slice(dot + 1)) };
}
