/**
 * The heartbeat of a worker process whose event loop is blocked: beside `lane-worker.ts`, for a thread that can still speak for it.
 *
 *   renew      the locks of the jobs under way last on, and the process is not taken for gone
 *   hand back  the jobs go back into the queue under new releases, as those of a worker that was told to stop: no crash is counted
 *
 * Which jobs these are, Redis knows: BullMQ's locks name the worker that holds them. So a job costs its event loop nothing
 * for being kept, and one whose fetch was answered while the loop was blocked is kept as well.
 */
import type { Cell } from '@holdfast/cell';
import type { ReleaseName } from '@holdfast/core';
import { Script } from '@holdfast/redis';
import { LOCK_MS, queueKeys, releaseOf } from '../names.ts';
import { FairScheduler } from '../scheduler/scheduler.ts';

/** What a process takes of a lane. */
export interface WorkedLane {
  lane: string;
  /** Id of its `LaneWorker`: the lane's locks that it holds begin with it, and it is announced under it. */
  worker: string;
  /** Jobs at once. */
  concurrency: number;
}

/** So that no run of the script takes more than a millisecond. */
const PAGE = 500;

/**
 * Renews a worker's locks among one page of a queue's active jobs, as BullMQ's own `extendLock` does for one.
 *
 *   KEYS  the queue's active jobs, its jobs that may have stalled
 *   ARGV  what the queue's keys begin with, worker, lock in ms, first and last of the page
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

  /** @param cell over a connection of the thread's own */
  constructor(cell: Cell, lanes: readonly WorkedLane[]) {
    this.#cell = cell;
    this.#lanes = lanes;
    this.#scheduler = new FairScheduler(cell);
  }

  /**
   * Do it again well within `LOCK_MS`. Locks that ran out before stay lost.
   * @param takesJobs whether the process is still announced as one that takes jobs
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
   * Gives up every job under way but one: that one is left to its lock. The process must write nothing more afterwards, and is
   * announced no longer.
   * @returns how many were handed back
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
