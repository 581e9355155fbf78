/**
 * The processes of an interleaving: API processes (`model-api.ts`), and workers that run attempts, sweep and settle. All of
 * what they do is the product's own code; only connections, queue, provider and timers are the scheduler's.
 */
import { type CallLimits, defaultRetryPolicy, type JobQueue, type Logger, type Provider } from '@holdfast/core';
import { Ledger, type TenantLimits } from '@holdfast/gate';
import { FlushClock, Journal, LiveFeed } from '@holdfast/journal';
import { Breaker, type Pass } from '@holdfast/providers';
import type { Redis } from '@holdfast/redis';
import type { Task, TaskHost } from '@holdfast/tasks';
import type { Lane } from '../../apps/worker/src/lane-providers.ts';
import { RoomLearner } from '../../apps/worker/src/learn-room.ts';
import { runAttempt, type WorkerParts } from '../../apps/worker/src/run-attempt.ts';
import { RunningAttempts } from '../../apps/worker/src/running-attempts.ts';
import { settleEndedJobs } from '../../apps/worker/src/settle-ended-jobs.ts';
import { sweepOpenJobs } from '../../apps/worker/src/sweep-open-jobs.ts';
import type { Dice } from './model-dice.ts';
import { notesTask, prices, TENANT, tasks } from './model-jobs.ts';
import type { Upstream } from './model-provider.ts';
import type { Delivery, ModelQueue } from './model-queue.ts';
import { type Execute, HeldSubscriber, heldRedis, type SharedRedis, type Switches } from './model-redis.ts';
import { Timers } from './model-timers.ts';
import { Wire } from './model-wire.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** How releases wait is not what is looked at here. */
export const atOnce = { tenant: TENANT, tokens: 0, priority: 0, delayMs: 0, deadlineInMs: null, again: false };
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
  budgetUsd: number;
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
  readonly ledger: Ledger;
  readonly limits: TenantLimits;
  dead = false;

  constructor(name: string, surroundings: Surroundings) {
    const { execute, switches, prefix, shared, budgetUsd } = surroundings;
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
    this.ledger = new Ledger({ redis: this.journal.redis, prefix });
    this.limits = { of: async () => ({ budget_usd: { day: budgetUsd } }) };
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

/** Has room for every call, and sets nothing aside for it. */
class CarelessLedger extends Ledger {
  override async raise(): Promise<null> {
    return null;
  }
}

export class Worker extends Process {
  readonly #parts: WorkerParts;
  readonly #locks = new Map<number, AbortController>();

  constructor(name: string, surroundings: Surroundings) {
    super(name, surroundings);
    const { dice, upstream, switches, prefix } = surroundings;
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
      ledger: switches.noRaise ? new CarelessLedger({ redis: this.journal.redis, prefix }) : this.ledger,
      limits: this.limits,
      prices,
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

  async settle(): Promise<void> {
    if (this.surroundings.switches.noSettling) return;
    const tenants = { list: async () => [{ id: TENANT, plan: null, limits: null, created_at: '' }] };
    await settleEndedJobs({ journal: this.journal, ledger: this.ledger, tenants, logger: silent });
  }
}
