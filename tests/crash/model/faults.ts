/** The actions of an interleaving besides its own progress: requests from clients and admins, maintenance, and faults. */

import type { Interleaving } from './interleaving.ts';
import { describeJob, idOf } from './jobs.ts';
import { keysOf, LOCK, nowKey, schedulerKeys } from './system/cell.ts';
import type { Worker } from './system/processes.ts';

type Action = (all: Interleaving) => unknown;

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
  const { dice, monitor } = all;
  const process = dice.pick(all.apis);
  const key = dice.pick(all.keys);
  const jobId = idOf(key);
  const job = monitor.jobs.get(jobId);
  if (!job || all.readers.length >= 3) return;
  const after = dice.below(job.seq + 1);
  const removedBefore = monitor.timesRemoved(jobId);
  const reader = { jobId, after, bytes: '', result: null, process, removedBefore };
  all.readers.push(reader);
  all.start(process, `attach ${key} after ${after}`, () => process.read(reader));
}

type MaintenanceTask = 'announce' | 'dispatch' | 'maintain' | 'endLeftovers';

export function runMaintenance(all: Interleaving, task: MaintenanceTask): void {
  const worker: Worker = all.dice.pick(all.workers);
  all.start(worker, task, () => worker[task]());
}

/** How long: until locks run out and permits are checked; until delayed jobs are due and deadlines pass; until ended jobs expire. */
const STEP_MS = 6_000;
const STEPS_MS = [STEP_MS, 300_000, 900_000];

/** Lets time pass in Redis. Ended jobs expire here, because Redis' own clock doesn't move on. */
export async function passTime(all: Interleaving, ms: number): Promise<void> {
  const { shared, prefix } = all.environment;
  const keys = keysOf(prefix);
  all.note(`${ms / 1_000} s pass`);
  const now = await shared.run('incrby', [nowKey(keys), ms]);
  await shared.run('del', [keys.lock(LOCK)]);
  const over = (await shared.run('zrangebyscore', [`${keys.base}expiring`, '-inf', Number(now)])) as string[];
  for (const entry of over) await all.monitor.expire(entry.split(' ')[0] ?? '');
}

/** A worker runs maintenance, often after some time has passed. */
async function maintain(all: Interleaving): Promise<void> {
  if (all.dice.chance(0.6)) await passTime(all, STEP_MS);
  runMaintenance(all, 'maintain');
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

/** The lock of a delivery runs out. Its worker may notice, or go on as a zombie. */
function stall(all: Interleaving): void {
  const { queue } = all.environment;
  const active = queue.count('active');
  const delivery = active > 0 ? queue.stall(all.dice.below(active)) : null;
  if (delivery === null) return;
  const isNoticed = all.dice.chance(0.4);
  all.note(`delivery ${delivery} stalls${isNoticed ? ', and its worker notices' : ''}`);
  if (isNoticed) for (const worker of all.workers) worker.timers.run(() => worker.loseLock(delivery));
}

/** The keys of BullMQ and of the scheduler are lost together. */
async function loseQueue(all: Interleaving): Promise<void> {
  const { queue, shared, prefix } = all.environment;
  all.note('the queue is lost');
  queue.lose();
  all.monitor.schedulerKeysLost();
  await shared.run('unlink', schedulerKeys(keysOf(prefix)));
}

function tamper(all: Interleaving): void {
  const { queue } = all.environment;
  const waiting = queue.count('waiting');
  if (waiting === 0) return;
  const how = all.dice.pick(['removed', 'ended'] as const);
  all.note(`a release is ${how} by hand`);
  queue.tamper(all.dice.below(waiting), how);
}

function handBack(all: Interleaving): void {
  const worker = all.dice.pick(all.workers);
  all.note(`${worker.name} hands back what it runs`);
  worker.timers.run(() => worker.running.drain());
}

/** A deadline passes, or a time-out of a process that waits for a subscription. */
function longTimer(all: Interleaving): void {
  const process = all.dice.pick(all.processes);
  if (process.timers.count(Number.POSITIVE_INFINITY) === 0) return;
  all.note(`${process.name}: a long timer fires`);
  process.timers.fire(Number.POSITIVE_INFINITY);
}

const crashWorker: Action = (all) => all.crash(all.dice.pick(all.workers));
const crashApi: Action = (all) => all.crash(all.dice.pick(all.apis));

/** An action that is listed more often happens more often. */
export const actions: readonly Action[] = [
  ...Array.from({ length: 2 }, () => submit),
  ...Array.from({ length: 4 }, () => attach),
  ...Array.from({ length: 3 }, () => stall),
  ...Array.from({ length: 2 }, () => crashWorker),
  ...Array.from({ length: 2 }, () => cutCommands),
  ...Array.from({ length: 2 }, () => retry),
  ...Array.from({ length: 3 }, () => maintain),
  (all) => passTime(all, all.dice.pick(STEPS_MS)),
  tamper,
  (all) => runMaintenance(all, 'announce'),
  (all) => runMaintenance(all, 'dispatch'),
  (all) => runMaintenance(all, 'endLeftovers'),
  cancel,
  remove,
  cutMessages,
  loseQueue,
  handBack,
  longTimer,
  crashApi,
];
