/**
 * Stage 2 of 6, the producing side. Before it: `apps/api`, which has accepted the job; after it: `lane-worker.ts`.
 *
 *   1. enqueue   the release waits in the feed, in its tenant's backlog
 *   2. pump      the feed gives slots to what may run, and these releases enter BullMQ
 *   3. finish    the worker's word: the slot is free, a release to come waits; pump again
 *
 * What BullMQ holds is which job to run; prompts and answers never get into it. A crash between the pump's script and
 * BullMQ leaves a slot whose release BullMQ doesn't know: `reconcile.ts` hands it over.
 */
import type { JobQueue, Limits, Outcome, Release } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import type { Queue } from 'bullmq';
import { Feed, type RunLimits } from './feed.ts';
import { openLaneQueue } from './lane-queue.ts';
import { queueJobId, type ReleaseName } from './names.ts';
import { PumpClock } from './pump-clock.ts';

interface LaneQueuesOptions {
  redis: Redis;
  prefix: string;
  onError: (error: Error) => void;
  /** What a tenant may run. Without it, and where it says null, the limits that others have stored count. */
  limitsOf?: (tenant: string) => Promise<Limits | null>;
  /** Ends a job whose deadline has passed before it could begin. Without it that is left to other processes. */
  onExpired?: (lane: string, release: ReleaseName) => void;
}

const HELD_BY_BULLMQ: ReadonlySet<string> = new Set([
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
]);

export class LaneQueues implements JobQueue {
  readonly feed: Feed;
  readonly #options: LaneQueuesOptions;
  readonly #queues = new Map<string, Queue<ReleaseName>>();
  readonly #clocks = new Map<string, PumpClock>();
  /** Limits of tenants as this process has last passed them on. */
  readonly #passedOn = new Map<string, string>();

  constructor(options: LaneQueuesOptions) {
    this.#options = options;
    this.feed = new Feed(options);
  }

  async enqueue(release: Release): Promise<void> {
    const { tenant, lane } = release;
    const limits = (await this.#options.limitsOf?.(tenant)) ?? null;
    const entered = this.feed.enter(release, limits, this.#isNews(tenant, limits));
    // On the same connection right behind: nobody waits for BullMQ here.
    this.pump(lane);
    for (const raised of await entered) this.pump(raised);
  }

  async remove({ lane, ...release }: Pick<Release, 'jobId' | 'release' | 'lane'>): Promise<void> {
    if ((await this.feed.withdraw(lane, release)) === 'withdrawn') return;
    // 0 for one that a worker holds: that worker finds out from the journal, and leaves.
    if ((await this.queue(lane).remove(queueJobId(release))) === 1) await this.#leave(lane, release);
  }

  async abandon({ lane, ...release }: Pick<Release, 'jobId' | 'release' | 'lane'>): Promise<void> {
    await this.remove({ lane, ...release });
    await this.#leave(lane, release);
  }

  async unknown(releases: Parameters<JobQueue['unknown']>[0]): Promise<Set<string>> {
    const lost: (typeof releases)[number][] = [];
    for (const [lane, own] of Map.groupBy(releases, (release) => release.lane)) {
      const known = await this.feed.known(lane, own);
      lost.push(...own.filter((_, at) => !known[at]));
    }
    const held = await Promise.all(lost.map((release) => this.isHeldByBullMq(release.lane, release)));
    await Promise.all(lost.filter((_, at) => held[at]).map((release) => this.feed.adopt(release)));
    return new Set(lost.filter((_, at) => !held[at]).map(({ jobId }) => jobId));
  }

  /** After the journal has what became of a release, before BullMQ is told. */
  async finish(lane: string, release: ReleaseName, outcome: Outcome): Promise<void> {
    const next = 'next' in outcome ? this.enqueue(outcome.next) : null;
    // One that was overtaken has no slot any more: the slot is its successor's, or was given up with its release.
    const left = outcome.kind === 'lost' ? null : this.#leave(lane, release);
    await Promise.all([next, left]);
  }

  /** Releases what may run. Returns at once; asks while it is under way are gathered. */
  pump(lane: string): void {
    let clock = this.#clocks.get(lane);
    if (!clock) {
      clock = new PumpClock(() => this.#pumpOnce(lane));
      this.#clocks.set(lane, clock);
    }
    clock.request();
  }

  /** Hands releases that have slots to BullMQ. Safe to repeat. */
  async handOver(lane: string, releases: readonly ReleaseName[]): Promise<void> {
    if (releases.length === 0) return;
    await this.queue(lane).addBulk(releases.map((data) => ({ name: 'job', data, opts: { jobId: queueJobId(data) } })));
  }

  async isHeldByBullMq(lane: string, release: ReleaseName): Promise<boolean> {
    return HELD_BY_BULLMQ.has(await this.queue(lane).getJobState(queueJobId(release)));
  }

  /** What a tenant may run, from now on. */
  async setTenantLimits(tenant: string, limits: RunLimits): Promise<void> {
    for (const lane of await this.feed.setTenantLimits(tenant, limits)) this.pump(lane);
  }

  /** The same of every tenant with jobs here, whose plan may have changed in the config file since they were submitted. */
  async passOnLimits(): Promise<void> {
    for (const tenant of await this.feed.tenants()) {
      const limits = (await this.#options.limitsOf?.(tenant)) ?? null;
      if (limits) await this.setTenantLimits(tenant, limits);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clocks.values()].map((clock) => clock.close()));
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  queue(lane: string): Queue<ReleaseName> {
    const known = this.#queues.get(lane);
    if (known) return known;
    const queue = openLaneQueue({ ...this.#options, lane });
    queue.on('error', this.#options.onError);
    this.#queues.set(lane, queue);
    return queue;
  }

  async #leave(lane: string, release: ReleaseName): Promise<void> {
    const left = this.feed.leave(lane, release);
    this.pump(lane);
    for (const other of await left) this.pump(other);
  }

  async #pumpOnce(lane: string): Promise<number | null> {
    const { onExpired, onError } = this.#options;
    try {
      for (;;) {
        const { released, expired, nextMs, more } = await this.feed.pump(lane, onExpired !== undefined);
        for (const release of expired) onExpired?.(lane, release);
        await this.handOver(lane, released);
        if (!more) return nextMs;
      }
    } catch (error) {
      // What got a slot is handed over by `reconcile.ts`, what waits is released by the next pump.
      onError(error as Error);
      return null;
    }
  }

  /** Whether this process has seen other limits before: then these are newer than what is stored. */
  #isNews(tenant: string, limits: Limits | null): boolean {
    if (!limits) return false;
    const { max_running: most, weight } = limits;
    const text = `${most} ${weight}`;
    if (this.#passedOn.get(tenant) === text) return false;
    this.#passedOn.set(tenant, text);
    return true;
  }
}
