/**
 * The processes of an interleaving: API processes (`model-api.ts`), and workers that run attempts and maintain the cell. All of
 * what they do is the product's own code; only connections, BullMQ, provider and timers are the scheduler's.
 */
import { Cell } from '@holdfast/cell';
import {
  type CallLimits,
  defaultRetryPolicy,
  type Limits,
  type Logger,
  type Provider,
  type ReadyQueue,
} from '@holdfast/core';
import { Ledger, type TenantLimits } from '@holdfast/gate';
import { FlushClock, Journal, LiveFeed } from '@holdfast/journal';
import { Breaker, type Pass } from '@holdfast/providers';
import { LaneQueues, maintain } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';
import type { Task, TaskHost } from '@holdfast/tasks';
import type { AttemptDeps } from '../../../../apps/worker/src/attempt/open-attempt.ts';
import { runAttempt } from '../../../../apps/worker/src/attempt/run-attempt.ts';
import { RunningAttempts } from '../../../../apps/worker/src/attempt/running-attempts.ts';
import { AdaptiveRateLimit } from '../../../../apps/worker/src/cost/adaptive-rate-limit.ts';
import type { Lane } from '../../../../apps/worker/src/lanes/lane-providers.ts';
import { endLeftovers } from '../../../../apps/worker/src/maintenance/end-leftovers.ts';
import { KnownFormats } from '../../../../apps/worker/src/tasks/known-formats.ts';
import type { Dice } from '../dice.ts';
import { notesTask, prices, tasks } from '../jobs.ts';
import { laneNames, RETENTION_MS } from './cell.ts';
import type { Upstream } from './provider.ts';
import type { Delivery, ModelQueue } from './queue.ts';
import { type Execute, HeldSubscriber, heldRedis, type SharedRedis, type Switches } from './redis.ts';
import { Timers } from './timers.ts';
import { Wire } from './wire.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const callLimits: CallLimits = { acquireCall: async () => 0, correctCall: async () => {}, slowDown: async () => {} };

export interface Surroundings {
  shared: SharedRedis;
  execute: Execute;
  switches: Switches;
  prefix: string;
  queue: ModelQueue;
  upstream: Upstream;
  dice: Dice;
  /** The tenant's. */
  limits: Limits;
  /** Jobs at once that the workers take together, by lane. */
  capacity: ReadonlyMap<string, number>;
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
  readonly cell: Cell;
  readonly journal: Journal;
  readonly feed: LiveFeed;
  readonly queues: LaneQueues;
  readonly ledger: Ledger;
  readonly limits: TenantLimits;
  dead = false;

  constructor(name: string, surroundings: Surroundings) {
    const { execute, switches, prefix, shared, limits } = surroundings;
    this.name = name;
    this.surroundings = surroundings;
    this.redis = new Wire(`${name}.redis`);
    this.queueWire = new Wire(`${name}.queue`);
    this.upstreamWire = new Wire(`${name}.provider`);
    this.subscriber = new HeldSubscriber(`${name}.subscriber`, shared);
    const redis = heldRedis(this.redis, execute, switches);
    this.cell = new Cell({ redis, prefix, retentionMs: RETENTION_MS });
    this.journal = new Journal(this.cell);
    this.feed = new LiveFeed(this.subscriber as unknown as Redis);
    this.queues = new LaneQueues({ cell: this.cell, ready: this.#ready, onError: () => undefined });
    this.ledger = new Ledger(this.cell);
    this.limits = { of: async () => limits };
  }

  get wires(): Wire[] {
    return [this.redis, this.queueWire, this.upstreamWire, this.subscriber.wire];
  }

  /** Adding many is no one step. */
  get #ready(): ReadyQueue {
    const { queue } = this.surroundings;
    const send = (label: string, run: () => unknown) => this.queueWire.send(label, run);
    return {
      add: async (lane, releases) =>
        void (await Promise.all(releases.map((release) => send('add', () => queue.add(lane, release))))),
      remove: async (lane, release) => void (await send('remove', () => queue.remove(lane, release))),
      stateOf: async (lane, release) =>
        (await send('stateOf', () => queue.stateOf(lane, release))) as 'held' | 'ended' | 'missing',
    };
  }

  async die(): Promise<void> {
    this.dead = true;
    for (const wire of this.wires) wire.die(this.surroundings.dice);
    await this.subscriber.close();
  }
}

/** Lets every call through: an open breaker's waits are not among the timers that are held here. */
class NoBreaker extends Breaker {
  override enter(): Pass {
    return { isTrial: false, succeeded() {}, failed() {}, interrupted() {} };
  }
}

/** More than a job's attempts and crashes can make. */
const MAX_CALLS = 100;

function laneOf(provider: Provider, background: boolean): Lane {
  const breaker = new NoBreaker({ now: () => 0, onChange: () => undefined });
  return { providers: [{ provider, model: null, breaker }], background, idempotent: false, maxCalls: MAX_CALLS };
}

/** The task as it would be if nothing gave its completed steps back. */
const forgetfulTask: Task = {
  ...notesTask,
  run(input, host) {
    const get = (_: TaskHost, name: string) => {
      const member: unknown = host[name as keyof TaskHost];
      if (name === 'replayStep') return () => null;
      return typeof member === 'function' ? member.bind(host) : member;
    };
    return notesTask.run(input, new Proxy(host, { get }));
  },
};
const forgetful = new Map([...tasks, [notesTask.name, forgetfulTask]]);

/** Has room for every call, and reserves nothing for it. */
class CarelessLedger extends Ledger {
  override async increaseReservation(): Promise<null> {
    return null;
  }
}

/** Between a failed attempt and the next. */
const LONGEST_DELAY_MS = 5_000;

export class Worker extends Process {
  readonly #parts: AttemptDeps;
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
      adaptiveRateLimit: new AdaptiveRateLimit({ callLimits, logger: silent }),
      ledger: switches.noReserve ? new CarelessLedger(this.cell) : this.ledger,
      limits: this.limits,
      prices,
      // Delays that only `passTime` ends, and each of its steps does.
      retryPolicy: { ...defaultRetryPolicy, maxFailures: 3, baseDelayMs: 2_500, maxDelayMs: LONGEST_DELAY_MS },
      crashLimit: 4,
      maxWaitMs: 0,
      scheduler: this.queues.scheduler,
      maxAnswerBytes: 1_000_000,
      showsTaskErrors: false,
      knownFormats: new KnownFormats(),
      random: () => 0.5 + dice.below(50) / 100,
      logger: silent,
    };
  }

  get running(): RunningAttempts {
    return this.#parts.running;
  }

  async listen(): Promise<void> {
    await this.running.listen(this.journal, this.feed).catch(() => undefined);
  }

  /** As `LaneWorker` of `packages/queue`. */
  async run(delivery: Delivery): Promise<void> {
    const lock = new AbortController();
    this.#locks.set(delivery.number, lock);
    const outcome = await runAttempt(this.#parts, delivery, lock.signal).catch(() => null);
    const isOver = outcome !== null && outcome.kind !== 'again';
    if (isOver) this.queues.dispatch(delivery.lane, ...('unblocked' in outcome ? outcome.unblocked : []));
    const { queue } = this.surroundings;
    await this.queueWire.send(`acknowledge ${outcome?.kind ?? 'threw'}`, () => queue.acknowledge(delivery, isOver));
  }

  loseLock(delivery: number): void {
    this.#locks.get(delivery)?.abort(new Error('lock lost'));
  }

  /** Says what all workers take together, as each of them does of itself every two seconds. */
  async announce(): Promise<void> {
    for (const [lane, jobs] of this.surroundings.capacity) await this.queues.scheduler.announce(lane, 'all', jobs);
  }

  /** As four times a second. */
  async look(): Promise<void> {
    this.queues.dispatch(...laneNames);
  }

  /** As once a second. */
  async maintain(): Promise<void> {
    if (!this.surroundings.switches.noMaintenance) await maintain(this.queues, silent);
  }

  async endLeftovers(): Promise<void> {
    await endLeftovers({ cell: this.cell, lanes: this.#parts.lanes, logger: silent });
  }
}
