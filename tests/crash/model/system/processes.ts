/**
 * The processes of an interleaving: API processes (`api.ts`), and workers that run attempts and maintenance. They run the
 * product's own code. Only connections, BullMQ, provider and timers are replaced, by ones that the interleaving steps.
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
import { observeWith } from '../../../../apps/worker/src/observe/worker-observer.ts';
import { KnownFormats } from '../../../../apps/worker/src/tasks/known-formats.ts';
import type { Dice } from '../dice.ts';
import { notesTask, prices, tasks } from '../jobs.ts';
import { laneNames, RETENTION_MS } from './cell.ts';
import type { Upstream } from './provider.ts';
import type { Delivery, ModelQueue } from './queue.ts';
import { type Execute, type SharedRedis, SteppedSubscriber, type Switches, steppedRedis } from './redis.ts';
import { Timers } from './timers.ts';
import { Wire } from './wire.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const callLimits: CallLimits = { acquireCall: async () => 0, correctCall: async () => {}, slowDown: async () => {} };

export interface Environment {
  shared: SharedRedis;
  execute: Execute;
  switches: Switches;
  prefix: string;
  queue: ModelQueue;
  upstream: Upstream;
  dice: Dice;
  /** The limits of the tenant. */
  limits: Limits;
  /** How many jobs all workers together take at once, by lane. */
  capacity: ReadonlyMap<string, number>;
}

/** One process: its connections, and how it dies. */
export class Process {
  readonly name: string;
  readonly environment: Environment;
  readonly timers = new Timers();
  readonly redis: Wire;
  readonly queueWire: Wire;
  readonly upstreamWire: Wire;
  readonly subscriber: SteppedSubscriber;
  readonly cell: Cell;
  readonly journal: Journal;
  readonly feed: LiveFeed;
  readonly queues: LaneQueues;
  readonly ledger: Ledger;
  readonly limits: TenantLimits;
  dead = false;

  constructor(name: string, environment: Environment) {
    const { execute, switches, prefix, shared, limits } = environment;
    this.name = name;
    this.environment = environment;
    this.redis = new Wire(`${name}.redis`);
    this.queueWire = new Wire(`${name}.queue`);
    this.upstreamWire = new Wire(`${name}.provider`);
    this.subscriber = new SteppedSubscriber(`${name}.subscriber`, shared);
    const redis = steppedRedis(this.redis, execute, switches);
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

  /** Adding several releases takes several steps. */
  get #ready(): ReadyQueue {
    const { queue } = this.environment;
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
    for (const wire of this.wires) wire.die(this.environment.dice);
    await this.subscriber.close();
  }
}

/** Admits every call: the waits of an open breaker are not among the stepped timers. */
class NoBreaker extends Breaker {
  override enter(): Pass {
    return { isTrial: false, succeeded() {}, failed() {}, interrupted() {} };
  }
}

/** More calls than a job's attempts and crashes can make. */
const MAX_CALLS = 100;

function laneOf(provider: Provider, background: boolean): Lane {
  const breaker = new NoBreaker({ now: () => 0, onChange: () => undefined });
  return { providers: [{ provider, model: null, breaker }], background, idempotent: false, maxCalls: MAX_CALLS };
}

/** The task as it would be if completed steps were not replayed. */
const taskWithoutReplay: Task = {
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
const tasksWithoutReplay = new Map([...tasks, [notesTask.name, taskWithoutReplay]]);

/** Admits every call, and reserves nothing for it. */
class LedgerWithoutReservations extends Ledger {
  override async increaseReservation(): Promise<null> {
    return null;
  }
}

/** The longest delay between a failed attempt and the next. */
const MAX_DELAY_MS = 5_000;

export class Worker extends Process {
  readonly #parts: AttemptDeps;
  readonly #locks = new Map<number, AbortController>();

  constructor(name: string, environment: Environment) {
    super(name, environment);
    const { dice, upstream, switches } = environment;
    const provider = upstream.over(this.upstreamWire);
    this.#parts = {
      worker: name,
      journal: this.journal,
      feed: this.feed,
      // No interval: events that come during an append wait for the next append, never for a timer.
      clock: new FlushClock({ journal: this.journal, logger: silent, intervalMs: 0, retryMs: 1 }),
      running: new RunningAttempts(),
      tasks: switches.noReplay ? tasksWithoutReplay : tasks,
      lanes: new Map([
        ['default', laneOf(provider, false)],
        ['background', laneOf(provider, true)],
      ]),
      laneOf: () => null,
      callLimits,
      adaptiveRateLimit: new AdaptiveRateLimit({ callLimits, logger: silent }),
      ledger: switches.noReserve ? new LedgerWithoutReservations(this.cell) : this.ledger,
      limits: this.limits,
      prices,
      // Longer than 0, so that only `passTime` ends a delay; short enough for each of its steps to end it.
      retryPolicy: { ...defaultRetryPolicy, maxFailures: 3, baseDelayMs: 2_500, maxDelayMs: MAX_DELAY_MS },
      crashLimit: 4,
      maxWaitMs: 0,
      scheduler: this.queues.scheduler,
      maxAnswerBytes: 1_000_000,
      showsTaskErrors: false,
      knownFormats: new KnownFormats(),
      observer: observeWith([]),
      random: () => 0.5 + dice.below(50) / 100,
      tracing: { tracer: null, propagates: false },
      logger: silent,
    };
  }

  get running(): RunningAttempts {
    return this.#parts.running;
  }

  async listen(): Promise<void> {
    await this.running.listen(this.journal, this.feed).catch(() => undefined);
  }

  /** Does what `LaneWorker` of `packages/queue` does. */
  async run(delivery: Delivery): Promise<void> {
    const lock = new AbortController();
    this.#locks.set(delivery.number, lock);
    const outcome = await runAttempt(this.#parts, delivery, lock.signal).catch(() => null);
    const isOver = outcome !== null && outcome.kind !== 'again';
    if (isOver) this.queues.dispatch(delivery.lane, ...('unblocked' in outcome ? outcome.unblocked : []));
    const { queue } = this.environment;
    await this.queueWire.send(`acknowledge ${outcome?.kind ?? 'threw'}`, () => queue.acknowledge(delivery, isOver));
  }

  loseLock(delivery: number): void {
    this.#locks.get(delivery)?.abort(new Error('lock lost'));
  }

  /** Announces the capacity of all workers. In the product each worker announces its own every two seconds. */
  async announce(): Promise<void> {
    for (const [lane, jobs] of this.environment.capacity) await this.queues.scheduler.announce(lane, 'all', jobs);
  }

  /** In the product, four times a second. */
  async dispatch(): Promise<void> {
    this.queues.dispatch(...laneNames);
  }

  /** In the product, once a second. */
  async maintain(): Promise<void> {
    if (!this.environment.switches.noMaintenance) await maintain(this.queues, silent);
  }

  async endLeftovers(): Promise<void> {
    await endLeftovers({ cell: this.cell, lanes: this.#parts.lanes, logger: silent });
  }
}
