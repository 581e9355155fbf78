/**
 * One interleaving: a few processes, two of the four jobs, and dice that decide at every point who goes on and what breaks.
 *
 *   1. begin   a job is submitted, and everything goes on for a while
 *   2. steps   one at a time: a command is executed, a reply or message let through, a timer rings, a release is
 *              delivered; or something new is asked for; or something breaks (`model-faults.ts`)
 *   3. drain   faults stop; everything goes on until nothing moves; maintenance hands over what was lost
 *   4. judge   `model-judge.ts`; records, ledger and scheduler at every point before, `model-witness.ts`
 *
 * Nothing in it depends on time, which passes when the dice say so (`model-cell.ts`): the same seed makes the same interleaving.
 */
import { scripts } from '@holdfast/cell';
import type { Limits } from '@holdfast/core';
import { judge } from './check-end.ts';
import { type Dice, dice } from './dice.ts';
import { doDuty, happenings, passTime, submit } from './faults.ts';
import { allKeys, idOf } from './jobs.ts';
import { BrokenPromise, promise } from './promises/job.ts';
import { Api, type Reader } from './system/api.ts';
import { allKeys as allCellKeys, BEGINNING_MS, heldScripts, keysOf, LOCK, laneNames, nowKey } from './system/cell.ts';
import { type Process, type Surroundings, Worker } from './system/processes.ts';
import { Upstream } from './system/provider.ts';
import { ModelQueue } from './system/queue.ts';
import type { Arguments, SharedRedis, Switches } from './system/redis.ts';
import type { Wire } from './system/wire.ts';
import { Witness } from './witness.ts';

/** Timers of at most so many ms ring by themselves; longer ones (deadlines, time-outs) are faults. */
export const SHORT_MS = 1_000;
const REST_ROUNDS = 1_500;
/** Of maintenance, once the faults have stopped; between two of them leases, locks and delays run out. */
const MOST_ROUNDS = 10;
const ROUND_MS = 36_000;
/** So many at most before the first fault: about as many as a job's life takes. */
const FIRST_ROUNDS = 36;

export interface Verdict {
  /** The promise that was broken, or null. */
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
  /** Of its jobs. */
  readonly keys: string[];
  readonly surroundings: Surroundings;
  readonly witness: Witness;
  readonly workers: Worker[] = [];
  readonly apis: Api[] = [];
  readonly readers: Reader[] = [];
  readonly acknowledged = new Set<string>();
  readonly trace: string[] = [];
  crashes = 0;
  #names = 0;
  #commands = 0;
  #broken: string | null = null;
  /** Connections of the dead, while commands that had left are still to be executed. */
  #lingering: Wire[] = [];

  constructor(shared: SharedRedis, prefix: string, seed: number, switches: Switches) {
    this.dice = dice(seed);
    const first = this.dice.pick(allKeys);
    this.keys = [first, this.dice.pick(allKeys.filter((key) => key !== first))];
    const budgetMicroUsd = this.dice.chance(0.7) ? 1_000_000 : 60 + this.dice.below(300);
    const jobIds = this.keys.map(idOf);
    this.witness = new Witness({ shared, switches, prefix, budget: budgetMicroUsd * 1_000, jobIds });
    this.surroundings = {
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
    const worker = new Worker(`w${this.#names}`, this.surroundings);
    this.workers.push(worker);
    this.start(worker, 'listen', () => worker.listen());
  }

  addApi(): void {
    this.#names += 1;
    this.apis.push(new Api(`a${this.#names}`, this.surroundings));
  }

  #runLimits(): Limits {
    return this.dice.chance(0.3) ? { max_running: 1 } : {};
  }

  note(step: string): void {
    this.trace.push(step);
  }

  /** Begins work of a process; what it throws (a cut connection, a refusal) is its caller's to see. */
  start(process: Process, what: string, work: () => Promise<void>): void {
    this.note(`${process.name}: ${what}`);
    process.timers.hold(() => work().catch(() => undefined));
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

  async run(steps: number): Promise<Verdict> {
    let step = 0;
    try {
      await this.#begin();
      for (; step < steps && this.#broken === null; step += 1) await this.#step();
      this.note('the faults stop');
      this.surroundings.upstream.faulty = false;
      if (this.#broken === null) await this.#drain();
      if (this.#broken === null) await judge(this);
    } catch (error) {
      if (!(error instanceof BrokenPromise)) throw error;
      this.#broken ??= error.message;
    }
    await this.#clear();
    const { trace, crashes } = this;
    const { replies } = this.witness;
    const { resumed } = this.surroundings.upstream;
    return { broken: this.#broken, trace, steps: step, commands: this.#commands, crashes, resumed, replies };
  }

  /** The first job's way up to any point: otherwise faults would seldom find one that is far on its way. */
  async #begin(): Promise<void> {
    await this.#prepare();
    submit(this);
    for (let rounds = this.dice.below(FIRST_ROUNDS); rounds > 0 && this.#broken === null; rounds -= 1) {
      await settled();
      await this.#advance();
    }
    this.note('faults may come');
  }

  /** The clock, and what workers take. */
  async #prepare(): Promise<void> {
    const { shared, prefix, capacity } = this.surroundings;
    const keys = keysOf(prefix);
    await shared.run('set', [nowKey(keys), BEGINNING_MS]);
    const { sha } = heldScripts.get(scripts.capacity.script.sha) ?? scripts.capacity.script;
    for (const [lane, jobs] of capacity) {
      await shared.run('evalsha', [sha, 1, keys.open, keys.base, lane, 'all', jobs]);
    }
  }

  async #execute(name: string, sent: Arguments): Promise<unknown> {
    this.#commands += 1;
    const args = name === 'set' ? lockUntilFreed(sent) : sent;
    try {
      const { reply, told, tells } = await this.witness.run(name, args);
      this.note(`  ${told}`);
      if (tells && this.processes.some(({ subscriber }) => subscriber.listening)) {
        await this.surroundings.shared.messagesArrived();
      }
      return reply;
    } catch (error) {
      // Nothing that is sent to Redis here is wrong: an error is either a broken promise or a fault of this test's.
      this.#broken ??= String(error instanceof BrokenPromise ? error.message : error);
      throw error;
    }
  }

  async #step(): Promise<void> {
    await settled();
    const moves = this.#moves();
    if (moves.length > 0 && this.dice.chance(0.82)) await this.dice.pick(moves)();
    else await this.dice.pick(happenings)(this);
  }

  /** Everything that can go on by itself. */
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
      if (subscriber.canReceive) moves.push(() => timers.hold(() => subscriber.receive()));
      if (subscriber.status !== 'ready') moves.push(() => timers.hold(() => subscriber.reconnect()));
      if (timers.count(SHORT_MS) > 0) moves.push(() => timers.ring(SHORT_MS));
    }
    if (this.surroundings.queue.count('waiting') > 0) moves.push(() => this.#deliver());
    return moves;
  }

  async #move(wire: Wire): Promise<void> {
    this.note(`${wire.name} ${wire.next}`);
    await wire.execute();
    if (wire.canDeliver && this.dice.chance(0.6)) wire.deliver();
  }

  #deliver(): void {
    const { queue } = this.surroundings;
    const delivery = queue.deliver(this.dice.below(queue.count('waiting')));
    if (!delivery) return;
    const worker = this.dice.pick(this.workers);
    this.start(worker, `delivered ${delivery.jobId.slice(4, 8)} ${delivery.release}`, () => worker.run(delivery));
  }

  async #drain(): Promise<void> {
    await this.#rest();
    for (let round = 0; round < MOST_ROUNDS && (round === 0 || !this.witness.isAtRest); round += 1) {
      // Whatever somebody holds who has died runs out.
      await passTime(this, ROUND_MS);
      for (const duty of ['announce', 'look', 'maintain', 'endLeftovers'] as const) {
        doDuty(this, duty);
        await this.#rest();
      }
    }
  }

  /** Everything goes on until nothing moves any more. */
  async #rest(): Promise<void> {
    for (let round = 0; this.#broken === null; round += 1) {
      promise(round < REST_ROUNDS, 'everything comes to rest once the faults stop');
      await settled();
      if (!(await this.#advance()) && this.surroundings.queue.stall(0) === null) return;
    }
  }

  /** Everything that can go on does, each process by one command. False: nothing moves any more. */
  async #advance(): Promise<boolean> {
    const { queue } = this.surroundings;
    const wires = [...this.#lingering, ...this.processes.flatMap((process) => process.wires)];
    let moved = queue.count('waiting') > 0;
    if (moved) this.#deliver();
    for (const { subscriber, timers } of this.processes) {
      if (subscriber.status !== 'ready') timers.hold(() => subscriber.reconnect());
      while (subscriber.canReceive) {
        moved = true;
        timers.hold(() => subscriber.receive());
      }
      if (timers.count(SHORT_MS) > 0) {
        moved = true;
        timers.ring(SHORT_MS);
      }
    }
    const ready = wires.filter((wire) => wire.canExecute || wire.canDeliver);
    // In order on the one real connection, and so the same every time.
    const executed = ready.filter((wire) => wire.canExecute);
    for (const wire of executed) this.note(`${wire.name} ${wire.next}`);
    await Promise.all(executed.map((wire) => wire.execute()));
    for (const wire of ready) while (wire.canDeliver) wire.deliver();
    return moved || ready.length > 0;
  }

  async #clear(): Promise<void> {
    const { shared, prefix } = this.surroundings;
    for (const process of this.processes) await process.die();
    await shared.run('unlink', allCellKeys(keysOf(prefix), this.keys.map(idOf)));
  }
}

/** A lock lasts until `passTime` ends it, not for so many ms of Redis' own. */
function lockUntilFreed(args: Arguments): Arguments {
  const [key, value, unit, , condition] = args;
  return String(key).endsWith(`:lock:${LOCK}`) && unit === 'PX'
    ? ([key, value, unit, 3_600_000, condition] as Arguments)
    : args;
}

/** Resolves when everybody who can go on without the scheduler has: appends leave after a turn of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
