/**
 * The feed: where releases wait before BullMQ gets them. A backlog per tenant and lane, in fair order, within the limits of
 * lanes and tenants. Before it: `lane-queues.ts`, which enqueues; after it: the same, which hands to BullMQ what `pump`
 * releases. The order is made in `scripts/pump.ts`.
 *
 *   absent ──enter──▶ waiting ──pump──▶ has a slot ──leave──▶ absent
 *              │        ▲ │                 ▲
 *              └▶ delayed └── past its deadline
 *
 * Each method is one script. Whatever is lost here is rebuilt from the journals by the sweeper of `apps/worker`.
 */
import type { LaneLimits, Limits, Release } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { feedBase, queueJobId, type ReleaseName, releaseOf } from './names.ts';
import { GONE_AFTER_MS, redisTime } from './presence.ts';
import { capacityScript } from './scripts/capacity.ts';
import { enterScript } from './scripts/enter.ts';
import { pumpScript } from './scripts/pump.ts';
import { adoptScript, knownScript, leaveScript, slotsToCheckScript, withdrawScript } from './scripts/slots.ts';
import { setTenantLimitsScript } from './scripts/tenant-limits.ts';

/** What a tenant may run, and its share. */
export type RunLimits = Pick<Limits, 'max_running' | 'weight'>;

export interface Pumped {
  released: ReleaseName[];
  /** Past their deadlines: for a worker to end. Each has a slot until `leave`. */
  expired: ReleaseName[];
  /** ms until a delay, a deadline or an empty bucket ends; null: nothing changes by itself. */
  nextMs: number | null;
  /** There is more to do at once. */
  more: boolean;
}

export interface FeedCounts {
  waiting: number;
  delayed: number;
  /** Handed to BullMQ and not yet left. */
  slots: number;
}

const limitsText = ({ max_running: most = 0, weight = 1 }: RunLimits) => `${most} ${weight}`;

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

export class Feed {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /**
   * Lets a release wait. No effect where it does already, or has a slot.
   * @param limits of its tenant, where they are known; `beat`: they are newer than what is stored
   * @returns lanes in which the tenant's limits were raised
   */
  async enter(release: Release, limits: RunLimits | null, beat: boolean): Promise<string[]> {
    const { jobId, lane, tenant, tokens, priority, again, delayMs, deadlineInMs } = release;
    const [, ...raised] = (await enterScript.run(this.#redis, this.#prefix, lane, [
      jobId,
      queueJobId(release),
      tenant,
      Math.ceil(tokens),
      priority,
      again ? 1 : 0,
      Math.max(0, Math.ceil(delayMs)),
      deadlineInMs === null ? '' : Math.ceil(deadlineInMs),
      limits ? limitsText(limits) : '',
      beat ? 1 : 0,
    ])) as [number, ...string[]];
    return raised;
  }

  /** Takes slots for what may run now. @param mayExpire the caller ends what is past its deadline */
  async pump(lane: string, mayExpire: boolean): Promise<Pumped> {
    const reply = await pumpScript.run(this.#redis, this.#prefix, lane, [mayExpire ? 1 : 0]);
    const [released, expired, nextMs, more] = reply as [string[], string[], number, number];
    return {
      released: released.map(releaseOf),
      expired: expired.map(releaseOf),
      nextMs: nextMs < 0 ? null : nextMs,
      more: more === 1,
    };
  }

  /** Frees the release's slot, and no other's. @returns lanes in which its tenant may run again */
  async leave(lane: string, release: ReleaseName): Promise<string[]> {
    return (await leaveScript.run(this.#redis, this.#prefix, lane, [queueJobId(release)])) as string[];
  }

  /** Takes a release out that waits or is delayed. */
  async withdraw(lane: string, release: ReleaseName): Promise<'withdrawn' | 'has a slot' | 'unknown'> {
    const reply = await withdrawScript.run(this.#redis, this.#prefix, lane, [queueJobId(release)]);
    return reply === 1 ? 'withdrawn' : reply === 2 ? 'has a slot' : 'unknown';
  }

  /** Whether the feed knows each of these releases of one lane. */
  async known(lane: string, releases: readonly ReleaseName[]): Promise<boolean[]> {
    const reply = await knownScript.run(this.#redis, this.#prefix, lane, releases.map(queueJobId));
    return (reply as number[]).map((known) => known === 1);
  }

  /** Gives a slot to a release that BullMQ holds and the feed has lost. */
  async adopt(release: Pick<Release, 'jobId' | 'release' | 'lane' | 'tenant' | 'tokens' | 'priority'>): Promise<void> {
    const { lane, tenant, tokens, priority } = release;
    await adoptScript.run(this.#redis, this.#prefix, lane, [queueJobId(release), tenant, Math.ceil(tokens), priority]);
  }

  /** Releases whose slots are to be looked after now; each comes again `againMs` later. */
  async slotsToCheck(lane: string, againMs: number, most: number): Promise<ReleaseName[]> {
    const reply = await slotsToCheckScript.run(this.#redis, this.#prefix, lane, [againMs, most]);
    return (reply as string[]).map(releaseOf);
  }

  /** One caller in each `everyMs`, over all processes, gets true. */
  async isMyTurnToReconcile(everyMs: number): Promise<boolean> {
    return (await this.#redis.set(`${feedBase(this.#prefix)}reconciling`, '1', 'PX', everyMs, 'NX')) !== null;
  }

  /** Says that a worker takes so many jobs of a lane at once; 0: it takes no more. Say it again every few seconds. */
  async announce(lane: string, worker: string, concurrency: number): Promise<void> {
    await capacityScript.run(this.#redis, this.#prefix, lane, [worker, concurrency]);
  }

  /** Whether a worker is there that takes jobs of the lane. */
  async isServed(lane: string): Promise<boolean> {
    const now = await redisTime(this.#redis);
    const workers = await this.#redis.hvals(`${feedBase(this.#prefix)}workers:${lane}`);
    return workers.some((worker) => Number(worker.split(' ')[1]) > now - GONE_AFTER_MS);
  }

  /** A paused lane releases nothing; what has a slot goes on. */
  async setPaused(lane: string, paused: boolean): Promise<void> {
    await (paused
      ? this.#redis.hset(this.#laneKey(lane), 'paused', 1)
      : this.#redis.hdel(this.#laneKey(lane), 'paused'));
  }

  /** What the config file says of a lane's limits. It counts while none were set at run time. */
  async setConfiguredLimits(lane: string, limits: LaneLimits): Promise<void> {
    await this.#redis.hset(this.#laneKey(lane), 'config', laneLimitsText(limits));
  }

  /** Sets a lane's limits, all of them, over those of the config file; null: these count again. */
  async setLaneLimits(lane: string, limits: LaneLimits | null): Promise<void> {
    if (limits) await this.#redis.hset(this.#laneKey(lane), 'set', laneLimitsText(limits));
    else await this.#redis.hdel(this.#laneKey(lane), 'set');
  }

  /** The limits that count, and whether they were set at run time. */
  async laneLimits(lane: string): Promise<{ limits: LaneLimits; atRunTime: boolean }> {
    const [set, config] = await this.#redis.hmget(this.#laneKey(lane), 'set', 'config');
    return { limits: readLaneLimits(set ?? config ?? ''), atRunTime: set != null };
  }

  /** What a tenant may run from now on, in all lanes. @returns lanes in which it may run again */
  async setTenantLimits(tenant: string, limits: RunLimits): Promise<string[]> {
    return (await setTenantLimitsScript.run(this.#redis, this.#prefix, '', [tenant, limitsText(limits)])) as string[];
  }

  /** Tenants with jobs here: waiting, delayed, or with a slot; who waits for a slot of its own has all that it may have. */
  async tenants(): Promise<string[]> {
    const base = feedBase(this.#prefix);
    const found = await Promise.all(['waiting', 'running'].map((counts) => this.#redis.hkeys(base + counts)));
    return [...new Set(found.flat())];
  }

  /** How many releases of these lanes it knows. */
  async size(lanes: readonly string[]): Promise<number> {
    const sizes = await Promise.all(lanes.map((lane) => this.#redis.hlen(`${feedBase(this.#prefix)}jobs:${lane}`)));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async counts(lane: string): Promise<FeedCounts> {
    const base = feedBase(this.#prefix);
    const [known, delayed, slots] = await Promise.all([
      this.#redis.hlen(`${base}jobs:${lane}`),
      this.#redis.zcard(`${base}due:${lane}`),
      this.#redis.zcard(`${base}slots:${lane}`),
    ]);
    return { waiting: Math.max(0, known - delayed - slots), delayed, slots };
  }

  #laneKey(lane: string): string {
    return `${feedBase(this.#prefix)}lane:${lane}`;
  }
}
