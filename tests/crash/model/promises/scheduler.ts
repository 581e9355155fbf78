/**
 * The model of the scheduler: in which place each open job is. After every script it is compared with Redis.
 *
 *   S1  an open job is in exactly one place: delayed, waiting, or holding a permit of its newest release. It is never in two.
 *       It is in none only after the scheduler's keys were lost, until they are rebuilt.
 *   S3  the counts of a tenant's permits and of a lane's jobs are correct
 */
import type { Values } from '../../../../packages/journal/src/record.ts';
import { TENANT } from '../jobs.ts';
import type { Snapshot } from '../snapshot.ts';
import { assertPromise } from './job.ts';

const amount = (text: string | undefined) => Number(text ?? 0);

export class SchedulerModel {
  /** Open jobs whose places were lost. */
  #lost = new Set<string>();
  /** The highest release number of any job. */
  #newest = 0;
  readonly #releases = new Map<string, number>();

  lost(jobIds: Iterable<string>): void {
    for (const jobId of jobIds) this.#lost.add(jobId);
  }

  /** The repair has visited all open jobs. */
  repaired(): void {
    this.#lost.clear();
  }

  /** Checks the scheduler after any script. */
  check(seen: Snapshot, open: ReadonlyMap<string, Values>): void {
    const places = new Map<string, string[]>([...open.keys()].map((jobId) => [jobId, []]));
    for (const [lane, { backlog, due, deadlines, permits }] of seen.lanes) {
      const waiting = [...backlog, ...due];
      for (const jobId of waiting) placed(places, jobId, 'waits', open.get(jobId), lane);
      for (const permit of permits) {
        const [jobId = '', release] = permit.split('.');
        placed(places, jobId, 'holds a permit', open.get(jobId), lane);
        assertPromise(open.get(jobId)?.release === release, "S1: a permit is of its job's newest release");
      }
      for (const jobId of deadlines)
        assertPromise(waiting.includes(jobId), 'only waiting jobs are in the list of deadlines');
    }
    this.#haveOnePlace(places);
    checkCounts(seen);
    this.#releasesRise(open);
  }

  #haveOnePlace(places: ReadonlyMap<string, readonly string[]>): void {
    for (const [jobId, found] of places) {
      assertPromise(found.length <= 1, `S1: an open job is in one place, not in ${found.join(' and ')}`);
      if (found.length === 1) this.#lost.delete(jobId);
      else
        assertPromise(
          this.#lost.has(jobId),
          'S1: an open job is delayed, waits or holds a permit; this one has no place',
        );
    }
  }

  #releasesRise(open: ReadonlyMap<string, Values>): void {
    for (const [jobId, record] of open) {
      const release = amount(record.release);
      if (this.#releases.get(jobId) === release) continue;
      assertPromise(release > this.#newest, `release ${release} is a new number`);
      this.#newest = release;
      this.#releases.set(jobId, release);
    }
  }

  /** Checks that a dispatch stayed within the limits that the scheduler has. */
  dispatched(seen: Snapshot, lane: string): void {
    const { permits = [], capacity = 0 } = seen.lanes.get(lane) ?? {};
    assertPromise(
      permits.length <= capacity,
      `a lane with capacity ${capacity} runs at most that many jobs, not ${permits.length}`,
    );
    const running = amount(seen.counts.running[TENANT]);
    const most = seen.mostRunning;
    assertPromise(
      most === 0 || running <= most,
      `a tenant that may run ${most} jobs at once runs at most that many, not ${running}`,
    );
  }

  /** Checks the scheduler after the end. */
  checkAtRest({ lanes, counts }: Snapshot): void {
    for (const { backlog, due, deadlines, permits } of lanes.values()) {
      const left = backlog.length + due.length + deadlines.length + permits.length;
      assertPromise(left === 0, `the scheduler holds nothing once all jobs have ended, not ${left}`);
    }
    const counted = Object.values(counts).flatMap((count) => Object.values(count));
    assertPromise(counted.length === 0, 'the scheduler counts nothing once all jobs have ended');
  }
}

function checkCounts({ lanes, counts }: Snapshot): void {
  let [waiting, running] = [0, 0];
  for (const [lane, { backlog, due, permits }] of lanes) {
    const [here, counted] = [backlog.length + due.length + permits.length, amount(counts.lanes[lane])];
    assertPromise(here === counted, `S3: ${counted} jobs are counted for a lane that has ${here}`);
    waiting += backlog.length + due.length;
    running += permits.length;
  }
  const counted = { waiting: amount(counts.waiting[TENANT]), running: amount(counts.running[TENANT]) };
  assertPromise(
    counted.running === running,
    `S3: ${counted.running} permits are counted for a tenant that has ${running}`,
  );
  assertPromise(
    counted.waiting === waiting,
    `S3: ${counted.waiting} waiting jobs are counted for a tenant that has ${waiting}`,
  );
}

function placed(
  places: Map<string, string[]>,
  jobId: string,
  how: string,
  record: Values | undefined,
  lane: string,
): void {
  const promised =
    how === 'waits' ? 'S1: a job that has ended has no place' : 'S3: a job that has ended frees its permit';
  assertPromise(record !== undefined, `${promised}; this one ${how}`);
  assertPromise((record.queue ?? record.lane) === lane, 'a job is in its own lane');
  places.get(jobId)?.push(`"${how}"`);
}
