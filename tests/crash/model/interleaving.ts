/**
 * One interleaving: a few processes and two of the four jobs. Random numbers decide at every step which process goes on, and
 * what fails.
 *
 *   1. begin   a job is submitted, and everything goes on for a while
 *   2. steps   one at a time: a command is executed, a reply or message is delivered, a timer fires, a release is
 *              delivered to a worker, or one of the actions of `faults.ts` happens
 *   3. drain   the faults stop; everything goes on until nothing is left to do; maintenance repairs what was lost
 *   4. check   `check-end.ts`; before that, `monitor.ts` checks records, ledger and scheduler after every script
 *
 * Nothing depends on real time. Time passes only by a step (`system/cell.ts`), so the same seed repeats the same interleaving.
 */
import { scripts } from '@holdfast/cell';
import type { Limits } from '@holdfast/core';
import { checkEnd } from './check-end.ts';
import { type Dice, dice } from './dice.ts';
import { actions, passTime, runMaintenance, submit } from './faults.ts';
import { allKeys, idOf } from './jobs.ts';
import { Monitor } from './monitor.ts';
import { assertPromise, BrokenPromise } from './promises/job.ts';
import { Api, type Reader } from './system/api.ts';
import { allKeys as allCellKeys, BEGINNING_MS, keysOf, LOCK, laneNames, nowKey, testScripts } from './system/cell.ts';
import { type Environment, type Process, Worker } from './system/processes.ts';
import { Upstream } from './system/provider.ts';
import { ModelQueue } from './system/queue.ts';
import type { Arguments, SharedRedis, Switches } from './system/redis.ts';
import type { Wire } from './system/wire.ts';

/** Timers up to this length fire by themselves. Longer ones (deadlines, time-outs) fire as faults. */
export const SHORT_MS = 1_000;
const REST_ROUNDS = 1_500;
/** Rounds of maintenance once the faults have stopped. Between two rounds leases, locks and delays run out. */
const MAX_ROUNDS = 10;
const ROUND_MS = 36_000;
/** Rounds before the first fault: about as many as a whole job needs. */
const FIRST_ROUNDS = 36;

export interface InterleavingResult {
  /** The promise that was violated, or null. */
  broken: string | null;
  trace: string[];
  steps: number;
  commands: number;
  crashes: number;
  resumed: number;
  replies: ReadonlyMap<string, number>;
}

export class Interleaving {
  readonly dice: Dice;
  /** The idempotency keys of its jobs. */
  readonly keys: string[];
  readonly environment: Environment;
  readonly monitor: Monitor;
  readonly workers: Worker[] = [];
  readonly apis: Api[] = [];
  readonly readers: Reader[] = [];
  readonly acknowledged = new Set<string>();
  readonly trace: string[] = [];
  crashes = 0;
  #names = 0;
  #commands = 0;
  #broken: string | null = null;
  /** Connections of processes that died, while Redis has yet to execute commands that they had sent. */
  #lingering: Wire[] = [];

  constructor(shared: SharedRedis, prefix: string, seed: number, switches: Switches) {
    this.dice = dice(seed);
    const first = this.dice.pick(allKeys);
    this.keys = [first, this.dice.pick(allKeys.filter((key) => key !== first))];
    const budgetMicroUsd = this.dice.chance(0.7) ? 1_000_000 : 60 + this.dice.below(300);
    const jobIds = this.keys.map(idOf);
    this.monitor = new Monitor({ shared, switches, prefix, budget: budgetMicroUsd * 1_000, jobIds });
    this.environment = {
      shared,
      switches,
      prefix,
      dice: this.dice,
      limits: { budget_usd: { day: budgetMicroUsd / 1_000_000 }, ...this.#runLimits() },
      capacity: new Map(laneNames.map((lane) => [lane, 1 + this.dice.below(2)])),
      queue: new ModelQueue(),
      upstream: new Upstream(this.dice),
      execute: (name, args) => this.#execute(name, args),
    };
    for (let count = 0; count < 2; count += 1) this.addWorker();
    this.addApi();
  }

  get processes(): Process[] {
    return [...this.workers, ...this.apis];
  }

  addWorker(): void {
    this.#names += 1;
    const worker = new Worker(`w${this.#names}`, this.environment);
    this.workers.push(worker);
    this.start(worker, 'listen', () => worker.listen());
  }

  addApi(): void {
    this.#names += 1;
    this.apis.push(new Api(`a${this.#names}`, this.environment));
  }

  #runLimits(): Limits {
    return this.dice.chance(0.3) ? { max_running: 1 } : {};
  }

  note(step: string): void {
    this.trace.push(step);
  }

  /** Begins work of a process. Its errors (a cut connection, a refusal) are ignored here, as a caller outside would get them. */
  start(process: Process, what: string, work: () => Promise<void>): void {
    this.note(`${process.name}: ${what}`);
    process.timers.run(() => work().catch(() => undefined));
  }

  async crash(process: Process): Promise<void> {
    this.crashes += 1;
    this.note(`${process.name} dies`);
    await process.die();
    this.#lingering.push(process.redis, process.queueWire);
    for (const list of [this.workers, this.apis] as Process[][]) {
      const at = list.indexOf(process);
      if (at >= 0) list.splice(at, 1);
    }
    if (process instanceof Worker) this.addWorker();
    else this.addApi();
  }

  async run(steps: number): Promise<InterleavingResult> {
    let step = 0;
    try {
      await this.#begin();
      for (; step < steps && this.#broken === null; step += 1) await this.#step();
      this.note('the faults stop');
      this.environment.upstream.faulty = false;
      if (this.#broken === null) await this.#drain();
      if (this.#broken === null) await checkEnd(this);
    } catch (error) {
      if (!(error instanceof BrokenPromise)) throw error;
      this.#broken ??= error.message;
    }
    await this.#clear();
    const { trace, crashes } = this;
    const { replies } = this.monitor;
    const { resumed } = this.environment.upstream;
    return { broken: this.#broken, trace, steps: step, commands: this.#commands, crashes, resumed, replies };
  }

  /** Takes the first job up to a random point. Otherwise faults would seldom hit a job that has come far. */
  async #begin(): Promise<void> {
    await this.#prepare();
    submit(this);
    for (let rounds = this.dice.below(FIRST_ROUNDS); rounds > 0 && this.#broken === null; rounds -= 1) {
      await untilIdle();
      await this.#advance();
    }
    this.note('faults may come');
  }

  /** Sets the clock, and how many jobs the workers take. */
  async #prepare(): Promise<void> {
    const { shared, prefix, capacity } = this.environment;
    const keys = keysOf(prefix);
    await shared.run('set', [nowKey(keys), BEGINNING_MS]);
    const { sha } = testScripts.get(scripts.capacity.script.sha) ?? scripts.capacity.script;
    for (const [lane, jobs] of capacity) {
      await shared.run('evalsha', [sha, 1, keys.open, keys.base, lane, 'all', jobs]);
    }
  }

  async #execute(name: string, sent: Arguments): Promise<unknown> {
    this.#commands += 1;
    const args = name === 'set' ? lockUntilFreed(sent) : sent;
    try {
      const { reply, note, publishes } = await this.monitor.run(name, args);
      this.note(`  ${note}`);
      if (publishes && this.processes.some(({ subscriber }) => subscriber.listening)) {
        await this.environment.shared.messagesArrived();
      }
      return reply;
    } catch (error) {
      // All commands that are sent here are correct. So an error is either a violated promise or a mistake in this test.
      this.#broken ??= String(error instanceof BrokenPromise ? error.message : error);
      throw error;
    }
  }

  async #step(): Promise<void> {
    await untilIdle();
    const moves = this.#moves();
    if (moves.length > 0 && this.dice.chance(0.82)) await this.dice.pick(moves)();
    else await this.dice.pick(actions)(this);
  }

  /** Everything that can go on without an action from outside. */
  #moves(): (() => unknown)[] {
    const moves: (() => unknown)[] = [];
    this.#lingering = this.#lingering.filter((wire) => wire.canExecute);
    for (const wire of this.#lingering) moves.push(() => this.#move(wire));
    for (const { wires, subscriber, timers } of this.processes) {
      for (const wire of wires) {
        if (wire === subscriber.wire && subscriber.status !== 'ready') continue;
        if (wire.canDeliver) moves.push(() => wire.deliver());
        if (wire.canExecute) moves.push(() => this.#move(wire));
      }
      if (subscriber.canReceive) moves.push(() => timers.run(() => subscriber.receive()));
      if (subscriber.status !== 'ready') moves.push(() => timers.run(() => subscriber.reconnect()));
      if (timers.count(SHORT_MS) > 0) moves.push(() => timers.fire(SHORT_MS));
    }
    if (this.environment.queue.count('waiting') > 0) moves.push(() => this.#deliver());
    return moves;
  }

  async #move(wire: Wire): Promise<void> {
    this.note(`${wire.name} ${wire.next}`);
    await wire.execute();
    if (wire.canDeliver && this.dice.chance(0.6)) wire.deliver();
  }

  #deliver(): void {
    const { queue } = this.environment;
    const delivery = queue.deliver(this.dice.below(queue.count('waiting')));
    if (!delivery) return;
    const worker = this.dice.pick(this.workers);
    this.start(worker, `delivered ${delivery.jobId.slice(4, 8)} ${delivery.release}`, () => worker.run(delivery));
  }

  async #drain(): Promise<void> {
    await this.#rest();
    for (let round = 0; round < MAX_ROUNDS && (round === 0 || !this.monitor.isAtRest); round += 1) {
      // Locks and leases of dead processes run out.
      await passTime(this, ROUND_MS);
      for (const task of ['announce', 'dispatch', 'maintain', 'endLeftovers'] as const) {
        runMaintenance(this, task);
        await this.#rest();
      }
    }
  }

  /** Goes on until nothing is left to do. */
  async #rest(): Promise<void> {
    for (let round = 0; this.#broken === null; round += 1) {
      assertPromise(round < REST_ROUNDS, 'everything comes to rest once the faults stop');
      await untilIdle();
      if (!(await this.#advance()) && this.environment.queue.stall(0) === null) return;
    }
  }

  /** Advances every process by one command. False: nothing is left to do. */
  async #advance(): Promise<boolean> {
    const { queue } = this.environment;
    const wires = [...this.#lingering, ...this.processes.flatMap((process) => process.wires)];
    let moved = queue.count('waiting') > 0;
    if (moved) this.#deliver();
    for (const { subscriber, timers } of this.processes) {
      if (subscriber.status !== 'ready') timers.run(() => subscriber.reconnect());
      while (subscriber.canReceive) {
        moved = true;
        timers.run(() => subscriber.receive());
      }
      if (timers.count(SHORT_MS) > 0) {
        moved = true;
        timers.fire(SHORT_MS);
      }
    }
    const ready = wires.filter((wire) => wire.canExecute || wire.canDeliver);
    // Sent in order on the one real connection, so that the order is the same every time.
    const executed = ready.filter((wire) => wire.canExecute);
    for (const wire of executed) this.note(`${wire.name} ${wire.next}`);
    await Promise.all(executed.map((wire) => wire.execute()));
    for (const wire of ready) while (wire.canDeliver) wire.deliver();
    return moved || ready.length > 0;
  }

  async #clear(): Promise<void> {
    const { shared, prefix } = this.environment;
    for (const process of this.processes) await process.die();
    await shared.run('unlink', allCellKeys(keysOf(prefix), this.keys.map(idOf)));
  }
}

/** Makes a lock last until `passTime` ends it: Redis' own clock must not. */
function lockUntilFreed(args: Arguments): Arguments {
  const [key, value, unit, , condition] = args;
  return String(key).endsWith(`:lock:${LOCK}`) && unit === 'PX'
    ? ([key, value, unit, 3_600_000, condition] as Arguments)
    : args;
}

/** Resolves when every process waits for a step. Two turns of the event loop, because appends are sent after one. */
function untilIdle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
