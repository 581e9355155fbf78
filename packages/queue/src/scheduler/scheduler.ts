/**
 * The fair scheduler: where jobs wait before BullMQ gets them. A backlog per tenant and lane, in fair order, within the limits of
 * lanes and tenants.
 *
 * Jobs come in and leave with the scripts that submit, finish and cancel them; after this file: `lane-queues.ts`, which
 * hands to BullMQ what `dispatch` gives permits to. The order is made in the script `dispatch`.
 *
 *   ──submit, retry, requeue──▶ waiting ──dispatch──▶ holds a permit ──finish, requeue, cancel──▶ nowhere
 *                 │        ▲ │
 *                 └▶ delayed └── past its deadline: failed
 *
 * Whatever is lost here is rebuilt from the records: `maintenance.ts`.
 */
import { type Cell, GONE_AFTER_MS, scripts } from '@holdfast/cell';
import { AttemptError, type LaneLimits, type Limits, type ReleaseName } from '@holdfast/core';
import { releaseOf } from '../names.ts';
import { redisTime } from '../presence/presence.ts';

/** What a tenant may run, and its share. */
export type RunLimits = Pick<Limits, 'max_running' | 'weight'>;

export interface Dispatched {
  released: ReleaseName[];
  /** Ids of jobs that have failed, because their deadlines had passed. */
  expired: string[];
  /** ms until a delay, a deadline or an empty bucket ends; null: nothing changes by itself. */
  nextMs: number | null;
  /** There is more to do at once. */
  more: boolean;
}

export interface LaneCounts {
  waiting: number;
  delayed: number;
  /** Handed to BullMQ, and not ended or put back. */
  permits: number;
}

/** Where a page of open jobs ended; null after the last. */
export type PageEnd = { time: string; jobId: string } | null;

const pastDeadline = JSON.stringify(
  new AttemptError('deadline_exceeded', 'The job did not end before its deadline.').toJobError(),
);

export const limitsText = ({ max_running: most = 0, weight = 1 }: RunLimits) => `${most} ${weight}`;

function laneLimitsText(limits: LaneLimits): string {
  const { max_running: most = 0, requests_per_minute: requests = 0, tokens_per_minute: tokens = 0 } = limits;
  return `${most} ${requests} ${tokens}`;
}

function readLaneLimits(text: string): LaneLimits {
  const [most = 0, requests = 0, tokens = 0] = text.split(' ').map(Number);
  return {
    ...(requests > 0 ? { requests_per_minute: requests } : {}),
    ...(tokens > 0 ? { tokens_per_minute: tokens } : {}),
    ...(most > 0 ? { max_running: most } : {}),
  };
}

function pageEnd(time: string, jobId: string): PageEnd {
  return jobId === '' ? null : { time, jobId };
}

export class FairScheduler {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /** Gives permits to what may run now. */
  async dispatch(lane: string): Promise<Dispatched> {
    const reply = await scripts.dispatch.run(this.#cell, [lane, pastDeadline, this.#cell.retentionMs]);
    const [released, expired, nextMs, more] = reply as [string[], string[], number, number];
    return { released: released.map(releaseOf), expired, nextMs: nextMs < 0 ? null : nextMs, more: more === 1 };
  }

  /** Whether jobs of other tenants wait in the lane for a turn. */
  async doOthersWait(lane: string, tenant: string): Promise<boolean> {
    return (await scripts.doOthersWait.run(this.#cell, [lane, tenant])) === 1;
  }

  /** Releases whose permits are to be checked with BullMQ now; each comes again `againMs` later. */
  async permitsToCheck(lane: string, againMs: number, most: number): Promise<ReleaseName[]> {
    const reply = await scripts.permitsToCheck.run(this.#cell, [lane, againMs, most]);
    return (reply as string[]).map(releaseOf);
  }

  /**
   * Puts an open job back into the queue under a new release.
   * @param change `attempt`: only where none has begun since; `newLane`: the lane it belongs to from now on; `handedBack`: its
   * own worker gives it up, so the next claim counts no crash
   * @returns the lane whose queue it waits in; null: it has ended, or has a later release
   */
  async handOverAgain(
    { jobId, release }: ReleaseName,
    { attempt, newLane = '', handedBack = false }: { attempt?: number; newLane?: string; handedBack?: boolean } = {},
  ): Promise<string | null> {
    const args = [jobId, release, attempt ?? '', newLane, handedBack ? 1 : ''];
    return (await scripts.handOverAgain.run(this.#cell, args)) as string | null;
  }

  /** How many jobs are open, and how many are placed: the same, unless keys were lost. And the lanes that hold any. */
  async placement(): Promise<{ open: number; placed: number; lanes: string[] }> {
    const [open, placed, ...lanes] = (await scripts.counts.run(this.#cell, [])) as [number, number, ...string[]];
    return { open, placed, lanes };
  }

  /** Places again what was lost, among the open jobs of one page. @returns also the lanes that these wait in */
  async repair(
    after: PageEnd,
    most: number,
  ): Promise<{ end: PageEnd; dropped: number; placed: number; lanes: string[] }> {
    const reply = await scripts.repair.run(this.#cell, [after?.time ?? '', after?.jobId ?? '', most]);
    const [time, jobId, dropped, placed, ...lanes] = reply as [string, string, number, number, ...string[]];
    return { end: pageEnd(time, jobId), dropped, placed, lanes };
  }

  /** Open jobs of a lane, among those of one page. */
  async jobsOfLane(lane: string, after: PageEnd, most: number) {
    const reply = await scripts.jobsOfLane.run(this.#cell, [lane, after?.time ?? '', after?.jobId ?? '', most]);
    const [time = '', jobId = '', ...flat] = reply as string[];
    const jobs = Array.from({ length: flat.length / 3 }, (_, at) => {
      const [id = '', release, attempt] = flat.slice(3 * at);
      return { jobId: id, release: Number(release), attempt: Number(attempt) };
    });
    return { end: pageEnd(time, jobId), jobs };
  }

  /** Takes ended jobs whose time is over off the lists. @returns how many it looked at */
  async removeExpired(most: number): Promise<number> {
    return (await scripts.removeExpired.run(this.#cell, [most])) as number;
  }

  /** One caller in each `everyMs`, over all processes, gets true. */
  async isMyTurn(task: string, everyMs: number): Promise<boolean> {
    return (await this.#cell.redis.set(this.#cell.keys.lock(task), '1', 'PX', everyMs, 'NX')) !== null;
  }

  /** Says that a worker takes so many jobs of a lane at once; 0: it takes no more. Say it again every few seconds. */
  async announce(lane: string, worker: string, concurrency: number): Promise<void> {
    await scripts.capacity.run(this.#cell, [lane, worker, concurrency]);
  }

  /** Whether a worker is there that takes jobs of the lane. */
  async isServed(lane: string): Promise<boolean> {
    const now = await redisTime(this.#cell.redis);
    const workers = await this.#cell.redis.hvals(this.#cell.keys.sched('workers', lane));
    return workers.some((worker) => Number(worker.split(' ')[1]) > now - GONE_AFTER_MS);
  }

  /** A paused lane dispatches nothing; what has a permit goes on. */
  async setPaused(lane: string, paused: boolean): Promise<void> {
    const { redis } = this.#cell;
    await (paused ? redis.hset(this.#laneKey(lane), 'paused', 1) : redis.hdel(this.#laneKey(lane), 'paused'));
  }

  /** What the config file says of a lane's limits. It counts while none were set at run time. */
  async setConfiguredLimits(lane: string, limits: LaneLimits): Promise<void> {
    await this.#cell.redis.hset(this.#laneKey(lane), 'config', laneLimitsText(limits));
  }

  /** Sets a lane's limits, all of them, over those of the config file; null: these count again. */
  async setLaneLimits(lane: string, limits: LaneLimits | null): Promise<void> {
    if (limits) await this.#cell.redis.hset(this.#laneKey(lane), 'set', laneLimitsText(limits));
    else await this.#cell.redis.hdel(this.#laneKey(lane), 'set');
  }

  /** The limits that count, and whether they were set at run time. */
  async laneLimits(lane: string): Promise<{ limits: LaneLimits; atRunTime: boolean }> {
    const [set, config] = await this.#cell.redis.hmget(this.#laneKey(lane), 'set', 'config');
    return { limits: readLaneLimits(set ?? config ?? ''), atRunTime: set != null };
  }

  /** What a tenant may run from now on, in all lanes. @returns lanes in which it may run again */
  async setRunLimits(tenant: string, limits: RunLimits): Promise<string[]> {
    return (await scripts.runLimits.run(this.#cell, [tenant, limitsText(limits)])) as string[];
  }

  /** Tenants with jobs here: waiting, delayed, or with a permit. */
  async tenants(): Promise<string[]> {
    const { redis, keys } = this.#cell;
    const found = await Promise.all(['waiting', 'running'].map((counts) => redis.hkeys(keys.sched(counts))));
    return [...new Set(found.flat())];
  }

  async counts(lane: string): Promise<LaneCounts> {
    const { redis, keys } = this.#cell;
    const [placed, delayed, permits] = await Promise.all([
      redis.hget(keys.sched('lanes'), lane),
      redis.zcard(keys.sched('due', lane)),
      redis.zcard(keys.sched('permits', lane)),
    ]);
    return { waiting: Math.max(0, Number(placed ?? 0) - delayed - permits), delayed, permits };
  }

  #laneKey(lane: string): string {
    return this.#cell.keys.sched('lane', lane);
  }
}
