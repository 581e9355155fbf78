/** What can happen in an interleaving besides going on: what is asked for from outside, and what breaks. */

import type { Interleaving } from './interleaving.ts';
import { describeJob, idOf } from './jobs.ts';
import { keysOf, LOCK, nowKey, schedulerKeys } from './system/cell.ts';
import type { Worker } from './system/processes.ts';

type Happening = (all: Interleaving) => unknown;

export function submit(all: Interleaving): void {
  const { dice } = all;
  const api = dice.pick(all.apis);
  const job = describeJob(dice.pick(all.keys), dice.chance(0.3));
  all.start(api, `submit ${job.digest}`, async () => {
    await api.submit(job);
    all.acknowledged.add(job.id);
  });
}

function cancel(all: Interleaving): void {
  const api = all.dice.pick(all.apis);
  const key = all.dice.pick(all.keys);
  all.start(api, `cancel ${key}`, () => api.cancel(idOf(key)));
}

function retry(all: Interleaving): void {
  const api = all.dice.pick(all.apis);
  const key = all.dice.pick(all.keys);
  all.start(api, `retry ${key}`, () => api.retry(idOf(key)));
}

function remove(all: Interleaving): void {
  const api = all.dice.pick(all.apis);
  const key = all.dice.pick(all.keys);
  all.start(api, `delete ${key}`, () => api.delete(idOf(key)));
}

function attach(all: Interleaving): void {
  const { dice, witness } = all;
  const process = dice.pick(all.apis);
  const key = dice.pick(all.keys);
  const jobId = idOf(key);
  const life = witness.lives.get(jobId);
  if (!life || all.readers.length >= 3) return;
  const after = dice.below(life.seq + 1);
  const closed = witness.timesClosed(jobId);
  const reader = { jobId, after, bytes: '', result: null, process, closed };
  all.readers.push(reader);
  all.start(process, `attach ${key} after ${after}`, () => process.read(reader));
}

type Duty = 'announce' | 'look' | 'maintain' | 'endLeftovers';

export function doDuty(all: Interleaving, duty: Duty): void {
  const worker: Worker = all.dice.pick(all.workers);
  all.start(worker, duty, () => worker[duty]());
}

/** Locks run out and permits become due; what was delayed is due, deadlines pass; what has ended expires. */
const STEP_MS = 6_000;
const STEPS_MS = [STEP_MS, 300_000, 900_000];

/** Time passes in Redis. Jobs that have ended expire, as Redis would see to it by its own clock. */
export async function passTime(all: Interleaving, ms: number): Promise<void> {
  const { shared, prefix } = all.surroundings;
  const keys = keysOf(prefix);
  all.note(`${ms / 1_000} s pass`);
  const now = await shared.run('incrby', [nowKey(keys), ms]);
  await shared.run('del', [keys.lock(LOCK)]);
  const over = (await shared.run('zrangebyscore', [`${keys.base}expiring`, '-inf', Number(now)])) as string[];
  for (const entry of over) await all.witness.expire(entry.split(' ')[0] ?? '');
}

/** Somebody's turn has come; perhaps because time has passed. */
async function maintain(all: Interleaving): Promise<void> {
  if (all.dice.chance(0.6)) await passTime(all, STEP_MS);
  doDuty(all, 'maintain');
}

function cutCommands(all: Interleaving): void {
  const { name, redis, queueWire } = all.dice.pick(all.processes);
  const resend = all.dice.chance(0.6);
  all.note(`${name} is cut off${resend ? ', and sends again' : ''}`);
  redis.cut(all.dice, resend);
  if (all.dice.chance(0.5)) queueWire.cut(all.dice, resend);
}

async function cutMessages(all: Interleaving): Promise<void> {
  const { name, subscriber } = all.dice.pick(all.processes);
  all.note(`${name} loses its subscriptions`);
  subscriber.wire.cut(all.dice, true);
  await subscriber.cut();
}

/** A worker whose lock has run out; it may learn of it, or go on as a zombie. */
function stall(all: Interleaving): void {
  const { queue } = all.surroundings;
  const active = queue.count('active');
  const delivery = active > 0 ? queue.stall(all.dice.below(active)) : null;
  if (delivery === null) return;
  const told = all.dice.chance(0.4);
  all.note(`delivery ${delivery} stalls${told ? ', and its worker learns of it' : ''}`);
  if (told) for (const worker of all.workers) worker.timers.hold(() => worker.loseLock(delivery));
}

/** What may be lost together: BullMQ's keys and the scheduler's. */
async function loseQueue(all: Interleaving): Promise<void> {
  const { queue, shared, prefix } = all.surroundings;
  all.note('the queue is lost');
  queue.lose();
  all.witness.lostScheduler();
  await shared.run('unlink', schedulerKeys(keysOf(prefix)));
}

function tamper(all: Interleaving): void {
  const { queue } = all.surroundings;
  const waiting = queue.count('waiting');
  if (waiting === 0) return;
  const how = all.dice.pick(['taken away', 'ended'] as const);
  all.note(`by hand a release is ${how}`);
  queue.tamper(all.dice.below(waiting), how);
}

function handBack(all: Interleaving): void {
  const worker = all.dice.pick(all.workers);
  all.note(`${worker.name} hands back what it runs`);
  worker.timers.hold(() => worker.running.drain());
}

/** A deadline, or the patience of whoever waits for a subscription. */
function longTimer(all: Interleaving): void {
  const process = all.dice.pick(all.processes);
  if (process.timers.count(Number.POSITIVE_INFINITY) === 0) return;
  all.note(`${process.name}: a timer rings`);
  process.timers.ring(Number.POSITIVE_INFINITY);
}

const crashWorker: Happening = (all) => all.crash(all.dice.pick(all.workers));
const crashApi: Happening = (all) => all.crash(all.dice.pick(all.apis));

/** As often as they are named. */
export const happenings: readonly Happening[] = [
  ...Array.from({ length: 2 }, () => submit),
  ...Array.from({ length: 4 }, () => attach),
  ...Array.from({ length: 3 }, () => stall),
  ...Array.from({ length: 2 }, () => crashWorker),
  ...Array.from({ length: 2 }, () => cutCommands),
  ...Array.from({ length: 2 }, () => retry),
  ...Array.from({ length: 3 }, () => maintain),
  (all) => passTime(all, all.dice.pick(STEPS_MS)),
  tamper,
  (all) => doDuty(all, 'announce'),
  (all) => doDuty(all, 'look'),
  (all) => doDuty(all, 'endLeftovers'),
  cancel,
  remove,
  cutMessages,
  loseQueue,
  handBack,
  longTimer,
  crashApi,
];
