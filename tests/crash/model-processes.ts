/**
 * The processes of an interleaving: API processes that submit and attach, workers that run attempts and sweep. All of
 * what they do is the product's own code; only connections, queue, provider and timers are the scheduler's.
 */
import { type CallLimits, defaultRetryPolicy, type JobQueue, type Logger, type Provider } from '@holdfast/core';
import { Ledger } from '@holdfast/gate';
import { attach, FlushClock, Journal, LiveFeed, type NewJob } from '@holdfast/journal';
import { Breaker, type Pass } from '@holdfast/providers';
import type { Redis } from '@holdfast/redis';
import type { Task, TaskHost } from '@holdfast/tasks';
import type { Lane } from '../../apps/worker/src/lane-providers.ts';
import { RoomLearner } from '../../apps/worker/src/learn-room.ts';
import { runAttempt, type WorkerParts } from '../../apps/worker/src/run-attempt.ts';
import { RunningAttempts } from '../../apps/worker/src/running-attempts.ts';
import { sweepOpenJobs } from '../../apps/worker/src/sweep-open-jobs.ts';
import type { Dice } from './model-dice.ts';
import { notesTask, TENANT, tasks } from './model-jobs.ts';
import type { Upstream } from './model-provider.ts';
import type { Delivery, ModelQueue } from './model-queue.ts';
import { type Execute, HeldSubscriber, heldRedis, type SharedRedis, type Switches } from './model-redis.ts';
import { Timers } from './model-timers.ts';
import { Wire } from './model-wire.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** How releases wait is not what is looked at here. */
const atOnce = { tenant: TENANT, tokens: 0, priority: 0, delayMs: 0, deadlineInMs: null, again: false };
const callLimits: CallLimits = { reserveCall: async () => 0, settleCall: async () => {}, slowDown: async () => {} };
const RETENTION_MS = 600_000;
const HOUR_MS = 3_600_000;

export interface Surroundings {
  shared: SharedRedis;
  execute: Execute;
  switches: Switches;
  prefix: string;
  queue: ModelQueue;
  upstream: Upstream;
  dice: Dice;
}

/** One process: what it is connected by, and how it dies. */
export class Process {
  readonly name: string;
  readonly surroundings: Surroundings;
  readonly timers = new Timers();
  readonly redis: Wire;
  readonly queueWire: Wire;
  readonly upstreamWire: Wire;
  readonly subscriber: HeldSubscriber;
  readonly journal: Journal;
  readonly feed: LiveFeed;
  dead = false;

  constructor(name: string, surroundings: Surroundings) {
    const { execute, switches, prefix, shared } = surroundings;
    this.name = name;
    this.surroundings = surroundings;
    this.redis = new Wire(`${name}.redis`);
    this.queueWire = new Wire(`${name}.queue`);
    this.upstreamWire = new Wire(`${name}.provider`);
    this.subscriber = new HeldSubscriber(`${name}.subscriber`, shared);
    this.journal = new Journal({
      redis: heldRedis(this.redis, execute, switches),
      prefix,
      retentionMs: RETENTION_MS,
    });
    this.feed = new LiveFeed(this.subscriber as unknown as Redis);
  }

  get wires(): Wire[] {
    return [this.redis, this.queueWire, this.upstreamWire, this.subscriber.wire];
  }

  get queue(): JobQueue {
    const { queue } = this.surroundings;
    const send = (label: string, run: () => unknown) => this.queueWire.send(label, run);
    return {
      enqueue: async (release) => void (await send('enqueue', () => queue.add(release))),
      remove: async (release) => void (await send('remove', () => queue.remove(release))),
      abandon: async (release) => void (await send('abandon', () => queue.remove(release))),
      unknown: async (releases) => (await send('unknown', () => queue.unknown(releases))) as Set<string>,
    };
  }

  async die(): Promise<void> {
    this.dead = true;
    for (const wire of this.wires) wire.die(this.surroundings.dice);
    await this.subscriber.close();
  }
}

/** Someone who reads a journal, and what they got. */
export interface Reader {
  jobId: string;
  after: number;
  bytes: string;
  /** How it ended; null while it goes on. 'failed': it would attach again. */
  result: 'ended' | 'aborted' | 'gone' | 'failed' | null;
  process: Process;
  /** Times that the job had been forgotten when the reader came. */
  forgotten: number;
}

export class Api extends Process {
  /** As `apps/api/src/routes/submit-job.ts`. Returns once the client has its 2xx. */
  async submit(job: NewJob): Promise<void> {
    const before = await this.journal.accept(job);
    const { lane, id: jobId } = job;
    const enqueue = (release: number) => this.queue.enqueue({ jobId, release, lane, ...atOnce }).catch(() => undefined);
    const [found] = await Promise.all([this.journal.look(job.id), before ? null : enqueue(job.release)]);
    if (!found) throw new Error('forgotten meanwhile');
    if (before && found.job.status === 'queued' && found.job.attempt === 0) await enqueue(before.release);
  }

  async cancel(jobId: string): Promise<void> {
    const reply = await this.journal.cancel(jobId);
    if (reply.kind === 'cancelled') await this.queue.remove({ jobId, ...reply }).catch(() => undefined);
  }

  async rerun(jobId: string): Promise<void> {
    const found = await this.journal.look(jobId);
    if (!found) return;
    const release = await this.journal.rerun(found.job);
    await this.queue.enqueue({ jobId, ...atOnce, ...release });
  }

  async read(reader: Reader): Promise<void> {
    const { jobId, after } = reader;
    const { dice, switches } = this.surroundings;
    const sink = {
      write: (bytes: Buffer) => {
        reader.bytes += bytes.toString();
        return dice.chance(0.8);
      },
      drained: async () => void (await this.upstreamWire.send('drained', () => undefined)),
    };
    const feed = switches.lateSubscribe ? lateFeed(this.feed) : this.feed;
    const { signal } = new AbortController();
    reader.result = await attach({ journal: this.journal, feed, jobId, after, sink, signal }).catch(() => 'failed');
  }
}

/** Says that it has subscribed when it has only begun to. */
function lateFeed(feed: LiveFeed): LiveFeed {
  const subscribe: LiveFeed['subscribe'] = async (channel, listener) => {
    const subscribed = feed.subscribe(channel, listener);
    subscribed.catch(() => undefined);
    return () => void subscribed.then((end) => end()).catch(() => undefined);
  };
  return { subscribe } as LiveFeed;
}

/** Lets every call through: an open breaker's waits are not among the timers that are held here. */
class NoBreaker extends Breaker {
  override enter(): Pass {
    return { isTrial: false, succeeded() {}, failed() {}, left() {} };
  }
}

function laneOf(provider: Provider, background: boolean): Lane {
  const breaker = new NoBreaker({ now: () => 0, onChange: () => undefined });
  return { providers: [{ provider, model: null, breaker }], background, idempotent: false };
}

/** The task as it would be if nothing gave its completed steps back. */
const forgetfulTask: Task = {
  ...notesTask,
  run(input, host) {
    const get = (_: TaskHost, name: string) => {
      const member: unknown = host[name as keyof TaskHost];
      if (name === 'recallStep') return () => null;
      return typeof member === 'function' ? member.bind(host) : member;
    };
    return notesTask.run(input, new Proxy(host, { get }));
  },
};
const forgetful = new Map([...tasks, [notesTask.name, forgetfulTask]]);

export class Worker extends Process {
  readonly #parts: WorkerParts;
  readonly #locks = new Map<number, AbortController>();

  constructor(name: string, surroundings: Surroundings) {
    super(name, surroundings);
    const { dice, upstream, switches } = surroundings;
    const provider = upstream.over(this.upstreamWire);
    this.#parts = {
      journal: this.journal,
      feed: this.feed,
      // No interval: what comes while an append is under way waits for the next, and nothing waits for time.
      clock: new FlushClock({ journal: this.journal, logger: silent, intervalMs: 0, retryMs: 1 }),
      running: new RunningAttempts(),
      tasks: switches.noRecall ? forgetful : tasks,
      lanes: new Map([
        ['default', laneOf(provider, false)],
        ['background', laneOf(provider, true)],
      ]),
      laneOf: () => null,
      callLimits,
      room: new RoomLearner({ callLimits, logger: silent }),
      // These jobs come past the gate: there is nothing to settle.
      ledger: new Ledger({ redis: this.journal.redis, prefix: this.journal.prefix }),
      limits: { of: async () => ({}) },
      prices: {},
      retryPolicy: { ...defaultRetryPolicy, maxFailures: 3 },
      crashLimit: 4,
      random: () => dice.below(100) / 100,
      logger: silent,
    };
  }

  get running(): RunningAttempts {
    return this.#parts.running;
  }

  async listen(): Promise<void> {
    await this.running.listen(this.journal, this.feed).catch(() => undefined);
  }

  async run(delivery: Delivery): Promise<void> {
    const lock = new AbortController();
    this.#locks.set(delivery.number, lock);
    const ended = await runAttempt(this.#parts, delivery, lock.signal).catch(() => null);
    if (ended && 'next' in ended) await this.queue.enqueue(ended.next).catch(() => undefined);
    const outcome = ended?.kind ?? 'threw';
    await this.queueWire.send(`acknowledge ${outcome}`, () => this.surroundings.queue.acknowledge(delivery, outcome));
  }

  loseLock(delivery: number): void {
    this.#locks.get(delivery)?.abort(new Error('lock lost'));
  }

  async sweep(): Promise<void> {
    if (this.surroundings.switches.noSweeper) return;
    // Every open job is old enough: how long a sweep waits is not what is looked at here.
    await sweepOpenJobs({ journal: this.journal, queue: this.queue, logger: silent, graceMs: -HOUR_MS });
  }
}
