/**
 * The fair scheduler: where jobs wait before BullMQ gets them. It has a backlog per tenant and lane, and keeps a fair order and the
 * limits of lanes and tenants.
 *
 * The scripts that submit, finish and cancel jobs add and remove them; the script `dispatch` chooses
 * which may run. After this file: `lane-queues.ts`, which hands these to BullMQ.
 *
 *   ──submit, retry, requeue──▶ waiting ──dispatch──▶ holds a permit ──finish, requeue, cancel──▶ nowhere
 *                 │        ▲ │
 *                 └▶ delayed └── past its deadline: failed
 *
 * All of it can be rebuilt from the records: `maintenance.ts`.
 */
import { type Cell, GONE_AFTER_MS, scripts } from '@holdfast/cell';
import { AttemptError, type EndedJob, type LaneLimits, type Limits, type ReleaseName } from '@holdfast/core';
import { redisTime } from '@holdfast/redis';
import { releaseOf } from '../names.ts';

/** How many jobs a tenant may run at once, and its share. */
export type RunLimits = Pick<Limits, 'max_running' | 'weight'>;

export interface Dispatched {
  released: ReleaseName[];
  /** Jobs that have failed because their deadline had passed. */
  expired: EndedJob[];
  /** ms until a delay, a deadline or an empty bucket ends; null: nothing changes by itself. */
  nextMs: number | null;
  /** There is more to do at once. */
  more: boolean;
}

export interface LaneCounts {
  waiting: number;
  delayed: number;
  /** Jobs that were handed to BullMQ, and have not ended or gone back. */
  permits: number;
}

/** Where a page of open jobs ended; null after the last. */
export type PageEnd = { time: string; jobId: string } | null;

const lateError = new AttemptError('deadline_exceeded', 'The job did not end before its deadline.');
const pastDeadline = JSON.stringify(lateError.toJobError());

/** @param job as the script `dispatch` tells of it */
function expiredJob([, tenant = '', lane = '', task = '', ageMs]: string[]): EndedJob {
  const seconds = Number(ageMs) / 1_000;
  return { tenant, lane, task, outcome: 'failed', code: lateError.code, provider: null, seconds };
}

export const limitsText = ({ max_running: maxRunning = 0, weight = 1 }: RunLimits) => `${maxRunning} ${weight}`;

function laneLimitsText(limits: LaneLimits): string {
  const { max_running: maxRunning = 0, requests_per_minute: requests = 0, tokens_per_minute: tokens = 0 } = limits;
  return `${maxRunning} ${requests} ${tokens}`;
}

function readLaneLimits(text: string): LaneLimits {
  const [maxRunning = 0, requests = 0, tokens = 0] = text.split(' ').map(Number);
  return {
    ...(requests > 0 ? { requests_per_minute: requests } : {}),
    ...(tokens > 0 ? { tokens_per_minute: tokens } : {}),
    ...(maxRunning > 0 ? { max_running: maxRunning } : {}),
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
    const [released, expired, nextMs, more] = reply as [string[], string[][], number, number];
    return {
      released: released.map(releaseOf),
      expired: expired.map(expiredJob),
      nextMs: nextMs < 0 ? null : nextMs,
      more: more === 1,
    };
  }

  /** Whether jobs of other tenants wait in the lane for a turn. */
  async doOthersWait(lane: string, tenant: string): Promise<boolean> {
    return (await scripts.doOthersWait.run(this.#cell, [lane, tenant])) === 1;
  }

  /** The releases whose permits have to be checked with BullMQ now. Each is returned again `againMs` later. */
  async permitsToCheck(lane: string, againMs: number, limit: number): Promise<ReleaseName[]> {
    const reply = await scripts.permitsToCheck.run(this.#cell, [lane, againMs, limit]);
    return (reply as string[]).map(releaseOf);
  }

  /**
   * Puts an open job back into the queue under a new release.
   * @param change `attempt`: only where no later attempt has begun; `newLane`: the lane that it moves to; `handedBack`: its own
   * worker hands it back, so the next claim counts no crash
   * @returns the lane whose queue it waits in; null: it has ended, or has a later release
   */
  async handOverAgain(
    { jobId, release }: ReleaseName,
    { attempt, newLane = '', handedBack = false }: { attempt?: number; newLane?: string; handedBack?: boolean } = {},
  ): Promise<string | null> {
    const args = [jobId, release, attempt ?? '', newLane, handedBack ? 1 : ''];
    return (await scripts.handOverAgain.run(this.#cell, args)) as string | null;
  }

  /**
   * How many jobs are open, and how many are placed: the same, unless keys were lost. How many jobs are missing in the list of all
   * jobs. And the lanes that have jobs.
   */
  async placement(): Promise<{ open: number; placed: number; unlisted: number; lanes: string[] }> {
    const reply = await scripts.counts.run(this.#cell, []);
    const [open, placed, unlisted, ...lanes] = reply as [number, number, number, ...string[]];
    return { open, placed, unlisted, lanes };
  }

  /** Adds the jobs of one page to the list of all jobs. @returns where it ended */
  async list(set: 'open' | 'expiring', after: PageEnd, limit: number): Promise<PageEnd> {
    const reply = await scripts.list.run(this.#cell, [set, after?.time ?? '', after?.jobId ?? '', limit]);
    const [time, member] = reply as [string, string];
    return pageEnd(time, member);
  }

  /** Places the lost jobs again, among the open jobs of one page. @returns `lanes`: those that these jobs wait in */
  async repair(
    after: PageEnd,
    limit: number,
  ): Promise<{ end: PageEnd; dropped: number; placed: number; lanes: string[] }> {
    const reply = await scripts.repair.run(this.#cell, [after?.time ?? '', after?.jobId ?? '', limit]);
    const [time, jobId, dropped, placed, ...lanes] = reply as [string, string, number, number, ...string[]];
    return { end: pageEnd(time, jobId), dropped, placed, lanes };
  }

  /** The open jobs of a lane, among the open jobs of one page. */
  async jobsOfLane(lane: string, after: PageEnd, limit: number) {
    const reply = await scripts.jobsOfLane.run(this.#cell, [lane, after?.time ?? '', after?.jobId ?? '', limit]);
    const [time = '', jobId = '', ...flat] = reply as string[];
    const jobs = Array.from({ length: flat.length / 3 }, (_, at) => {
      const [id = '', release, attempt] = flat.slice(3 * at);
      return { jobId: id, release: Number(release), attempt: Number(attempt) };
    });
    return { end: pageEnd(time, jobId), jobs };
  }

  /** Removes expired jobs from the lists. @returns how many it checked, and how many of these were still to be archived */
  async removeExpired(limit: number): Promise<{ checked: number; notArchived: number }> {
    const [checked, notArchived] = (await scripts.removeExpired.run(this.#cell, [limit])) as [number, number];
    return { checked, notArchived };
  }

  /** True for one caller in each `everyMs`, over all processes. */
  async isMyTurn(task: string, everyMs: number): Promise<boolean> {
    return (await this.#cell.redis.set(this.#cell.keys.lock(task), '1', 'PX', everyMs, 'NX')) !== null;
  }

  /** Announces how many jobs of a lane a worker takes at once; 0: it takes no more. Call it again every few seconds. */
  async announce(lane: string, worker: string, concurrency: number): Promise<void> {
    await scripts.capacity.run(this.#cell, [lane, worker, concurrency]);
  }

  /** Whether a live worker takes jobs of the lane. */
  async isServed(lane: string): Promise<boolean> {
    return (await this.#liveCapacities(lane)).length > 0;
  }

  /** How many jobs of the lane live workers take at once. */
  async capacity(lane: string): Promise<number> {
    return (await this.#liveCapacities(lane)).reduce((sum, one) => sum + one, 0);
  }

  async #liveCapacities(lane: string): Promise<number[]> {
    const now = await redisTime(this.#cell.redis);
    const workers = await this.#cell.redis.hvals(this.#cell.keys.sched('workers', lane));
    const read = workers.map((worker) => worker.split(' ').map(Number));
    return read.flatMap(([concurrency = 0, seenAt = 0]) => (seenAt > now - GONE_AFTER_MS ? concurrency : []));
  }

  /** A paused lane dispatches nothing; jobs with a permit go on. */
  async setPaused(lane: string, paused: boolean): Promise<void> {
    const { redis } = this.#cell;
    await (paused ? redis.hset(this.#laneKey(lane), 'paused', 1) : redis.hdel(this.#laneKey(lane), 'paused'));
  }

  /** Sets a lane's limits by the config file. They apply while none were set at run time. */
  async setConfiguredLimits(lane: string, limits: LaneLimits): Promise<void> {
    await this.#cell.redis.hset(this.#laneKey(lane), 'config', laneLimitsText(limits));
  }

  /** Sets all limits of a lane at run time, over those of the config file; null: the config file applies again. */
  async setLaneLimits(lane: string, limits: LaneLimits | null): Promise<void> {
    if (limits) await this.#cell.redis.hset(this.#laneKey(lane), 'set', laneLimitsText(limits));
    else await this.#cell.redis.hdel(this.#laneKey(lane), 'set');
  }

  /** The limits that apply, and whether they were set at run time. */
  async laneLimits(lane: string): Promise<{ limits: LaneLimits; atRunTime: boolean }> {
    const [set, config] = await this.#cell.redis.hmget(this.#laneKey(lane), 'set', 'config');
    return { limits: readLaneLimits(set ?? config ?? ''), atRunTime: set != null };
  }

  /** Sets what a tenant may run from now on, in all lanes. @returns the lanes in which it may run again */
  async setRunLimits(tenant: string, limits: RunLimits): Promise<string[]> {
    return (await scripts.runLimits.run(this.#cell, [tenant, limitsText(limits)])) as string[];
  }

  /** The tenants with jobs that wait, are delayed, or have a permit. */
  async tenants(): Promise<string[]> {
    const { redis, keys } = this.#cell;
    const found = await Promise.all(['waiting', 'running'].map((counts) => redis.hkeys(keys.sched(counts))));
    return [...new Set(found.flat())];
  }

  /** Jobs that wait, and jobs that hold a permit, by tenant, over all lanes. */
  async countsByTenant(): Promise<Record<'waiting' | 'running', ReadonlyMap<string, number>>> {
    const { redis, keys } = this.#cell;
    const [waiting, running] = await Promise.all([
      redis.hgetall(keys.sched('waiting')),
      redis.hgetall(keys.sched('running')),
    ]);
    const counted = (stored: Record<string, string>) =>
      new Map(Object.entries(stored).map(([tenant, count]): [string, number] => [tenant, Number(count)]));
    return { waiting: counted(waiting), running: counted(running) };
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
