/**
 * Names in BullMQ. The prefix bears a hash tag, so that a queue's keys share a slot on a Cluster.
 *
 *   {<p>-queue}:<lane>:…   BullMQ's own keys, of one queue per lane
 *   <p>:workers            zset: worker processes by when they were last seen (ms)
 */
export const queuePrefix = (prefix: string) => `{${prefix}-queue}`;
export const workersKey = (prefix: string) => `${prefix}:workers`;

/**
 * A BullMQ job is one release of a job. With a fixed id, a release made while an old entry lingers would be swallowed;
 * with an id per release, the same release handed over twice is one, and a new one is new.
 */
export function queueJobId(jobId: string, release: number): string {
  return `${jobId}.${release}`;
}
