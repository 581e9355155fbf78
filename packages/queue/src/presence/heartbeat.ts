/**
 * The heartbeat of a worker process whose event loop is blocked, sent by another thread of the process. See `lane-worker.ts`.
 *
 *   renew      renews the locks of running jobs, and announces the worker
 *   hand back  puts the jobs back into the queue under new releases, like a worker that stops: no crash is counted
 *
 * Redis knows which jobs these are, since BullMQ's locks name their worker. So the event loop does nothing for it, and a job that was
 * fetched while the loop was blocked is renewed too.
 */
import type { Cell } from '@holdfast/cell';
import type { ReleaseName } from '@holdfast/core';
import { Script } from '@holdfast/redis';
import { LOCK_MS, queueKeys, releaseOf } from '../names.ts';
import { FairScheduler } from '../scheduler/scheduler.ts';

/** A lane that a process takes jobs of. */
export interface WorkedLane {
  lane: string;
  /** Id of its `LaneWorker`: the worker is announced by it, and its locks begin with it. */
  worker: string;
  /** Jobs at once. */
  concurrency: number;
}

/** Jobs per run of the script, so that none takes more than a millisecond. */
const PAGE = 500;

/**
 * Renews a worker's locks among one page of a queue's active jobs, as BullMQ's own `extendLock` does for one job.
 *
 *   KEYS  the queue's active jobs, its jobs that may have stalled
 *   ARGV  the beginning of the queue's keys, worker, lock in ms, first and last of the page
 *   returns ids of the jobs whose locks it holds, size of the page
 */
const renewLocks = new Script(
  `
local base, worker, lockMs = ARGV[1], ARGV[2], ARGV[3]
local ids, held = redis.call('LRANGE', KEYS[1], ARGV[4], ARGV[5]), {}
for _, id in ipairs(ids) do
  local lock = base .. id .. ':lock'
  local token = redis.call('GET', lock)
  if token and string.sub(token, 1, #worker + 1) == worker .. ':' then
    redis.call('SET', lock, token, 'PX', lockMs)
    redis.call('SREM', KEYS[2], id)
    held[#held + 1] = id
  end
end
return {held, #ids}
`,
  { whenFull: true },
);

export class Heartbeat {
  readonly #cell: Cell;
  readonly #lanes: readonly WorkedLane[];
  readonly #scheduler: FairScheduler;

  /** @param cell on a connection of this thread */
  constructor(cell: Cell, lanes: readonly WorkedLane[]) {
    this.#cell = cell;
    this.#lanes = lanes;
    this.#scheduler = new FairScheduler(cell);
  }

  /**
   * Call it again well within `LOCK_MS`. Locks that have expired stay lost.
   * @param takesJobs whether to announce that the process takes jobs
   */
  async renew({ takesJobs }: { takesJobs: boolean }): Promise<void> {
    await Promise.all(
      this.#lanes.map(async (one) => {
        await this.#renewLocks(one);
        if (takesJobs) await this.#scheduler.announce(one.lane, one.worker, one.concurrency);
      }),
    );
  }

  /**
   * Hands back every running job except one, whose lock will expire. The process must write nothing afterwards, and is no longer
   * announced.
   * @returns how many jobs were handed back
   */
  async handBack({ except }: { except: string }): Promise<number> {
    const handedBack = await Promise.all(
      this.#lanes.map(async (one) => {
        await this.#scheduler.announce(one.lane, one.worker, 0);
        const others = (await this.#renewLocks(one)).filter(({ jobId }) => jobId !== except);
        return Promise.all(others.map((release) => this.#scheduler.handOverAgain(release, { handedBack: true })));
      }),
    );
    return handedBack.flat().filter((waitsIn) => waitsIn !== null).length;
  }

  /** @returns the releases whose locks the worker holds */
  async #renewLocks({ lane, worker }: WorkedLane): Promise<ReleaseName[]> {
    const { redis, keys } = this.#cell;
    const { base, active, stalled } = queueKeys(keys.bull, lane);
    const held: string[] = [];
    for (let first = 0; ; first += PAGE) {
      const args = [base, worker, LOCK_MS, first, first + PAGE - 1];
      const reply = await renewLocks.run(redis, [active, stalled], args);
      const [ids, size] = reply as [string[], number];
      held.push(...ids);
      if (size < PAGE) return held.map(releaseOf);
    }
  }
}
