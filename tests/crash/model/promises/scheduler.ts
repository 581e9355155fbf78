/**
 * The model of the scheduler: where each open job is, told after every script what Redis holds.
 *
 *   S1  an open job is in exactly one place: delayed, waiting, or holding a permit of its newest release; never in two, and in
 *       none only from when the scheduler's keys were lost until they are rebuilt
 *   S3  a tenant's permits, and a lane's jobs, are as many as are counted
 */
import type { Values } from '../../../../packages/journal/src/record.ts';
import { TENANT } from '../jobs.ts';
import type { Snapshot } from '../snapshot.ts';
import { promise } from './job.ts';

const amount = (text: string | undefined) => Number(text ?? 0);

export class SchedulerModel {
  /** Open jobs whose places were lost. */
  #lost = new Set<string>();
  /** No job has had a later release. */
  #newest = 0;
  readonly #releases = new Map<string, number>();

  lost(jobIds: Iterable<string>): void {
    for (const jobId of jobIds) this.#lost.add(jobId);
  }

  /** All open jobs were gone through. */
  repaired(): void {
    this.#lost.clear();
  }

  /** How the scheduler stands after any script. */
  stands(seen: Snapshot, open: ReadonlyMap<string, Values>): void {
    const places = new Map<string, string[]>([...open.keys()].map((jobId) => [jobId, []]));
    for (const [lane, { backlog, due, deadlines, permits }] of seen.lanes) {
      const waiting = [...backlog, ...due];
      for (const jobId of waiting) placed(places, jobId, 'waits', open.get(jobId), lane);
      for (const permit of permits) {
        const [jobId = '', release] = permit.split('.');
        placed(places, jobId, 'holds a permit', open.get(jobId), lane);
        promise(open.get(jobId)?.release === release, "S1: a permit is of its job's newest release");
      }
      for (const jobId of deadlines) promise(waiting.includes(jobId), 'a deadline is kept of what waits only');
    }
    this.#haveOnePlace(places);
    checkCounts(seen);
    this.#releasesRise(open);
  }

  #haveOnePlace(places: ReadonlyMap<string, readonly string[]>): void {
    for (const [jobId, found] of places) {
      promise(found.length <= 1, `S1: an open job is in one place, not in ${found.join(' and ')}`);
      if (found.length === 1) this.#lost.delete(jobId);
      else promise(this.#lost.has(jobId), 'S1: an open job is delayed, waits or holds a permit; here one is nowhere');
    }
  }

  #releasesRise(open: ReadonlyMap<string, Values>): void {
    for (const [jobId, record] of open) {
      const release = amount(record.release);
      if (this.#releases.get(jobId) === release) continue;
      promise(release > this.#newest, `release ${release} is one that no job has had before`);
      this.#newest = release;
      this.#releases.set(jobId, release);
    }
  }

  /** What was dispatched is within the limits, of those that are known. */
  dispatched(seen: Snapshot, lane: string): void {
    const { permits = [], capacity = 0 } = seen.lanes.get(lane) ?? {};
    promise(permits.length <= capacity, `a lane that takes ${capacity} at once is not given ${permits.length}`);
    const running = amount(seen.counts.running[TENANT]);
    const most = seen.mostRunning;
    promise(most === 0 || running <= most, `a tenant that may run ${most} at once is not given ${running}`);
  }

  /** Once nothing moves any more. */
  rests({ lanes, counts }: Snapshot): void {
    for (const { backlog, due, deadlines, permits } of lanes.values()) {
      const left = backlog.length + due.length + deadlines.length + permits.length;
      promise(left === 0, `the scheduler holds nothing once all jobs have ended, not ${left}`);
    }
    const counted = Object.values(counts).flatMap((count) => Object.values(count));
    promise(counted.length === 0, 'the scheduler counts nothing once all jobs have ended');
  }
}

function checkCounts({ lanes, counts }: Snapshot): void {
  let [waiting, running] = [0, 0];
  for (const [lane, { backlog, due, permits }] of lanes) {
    const [here, counted] = [backlog.length + due.length + permits.length, amount(counts.lanes[lane])];
    promise(here === counted, `S3: ${counted} jobs are counted in a lane that holds ${here}`);
    waiting += backlog.length + due.length;
    running += permits.length;
  }
  const counted = { waiting: amount(counts.waiting[TENANT]), running: amount(counts.running[TENANT]) };
  promise(counted.running === running, `S3: ${counted.running} permits are counted of a tenant that has ${running}`);
  promise(counted.waiting === waiting, `S3: ${counted.waiting} waiting jobs are counted of ${waiting}`);
}

function placed(
  places: Map<string, string[]>,
  jobId: string,
  how: string,
  record: Values | undefined,
  lane: string,
): void {
  const promised =
    how === 'waits' ? 'S1: a job that has ended is nowhere' : 'S3: a job that has ended frees its permit';
  promise(record !== undefined, `${promised}; here one ${how}`);
  promise((record.queue ?? record.lane) === lane, 'a job is in its own lane');
  places.get(jobId)?.push(`"${how}"`);
}
