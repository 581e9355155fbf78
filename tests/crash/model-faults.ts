/** What can happen in an interleaving besides going on: what is asked for from outside, and what breaks. */
import { gateKeys } from '../../packages/gate/src/keys.ts';
import type { Interleaving } from './model-interleaving.ts';
import { describeJob, idOf, TENANT } from './model-jobs.ts';

type Happening = (all: Interleaving) => unknown;

export function submit(all: Interleaving): void {
  const { dice } = all;
  const api = dice.pick(all.apis);
  const job = describeJob(dice.pick(all.keys), all.newRelease(), dice.chance(0.2));
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

function rerun(all: Interleaving): void {
  const api = all.dice.pick(all.apis);
  const key = all.dice.pick(all.keys);
  all.start(api, `run again ${key}`, () => api.rerun(idOf(key)));
}

function forget(all: Interleaving): void {
  const api = all.dice.pick(all.apis);
  const key = all.dice.pick(all.keys);
  all.start(api, `forget ${key}`, () => api.forget(idOf(key)));
}

function attach(all: Interleaving): void {
  const { dice, witness } = all;
  const process = dice.pick(all.apis);
  const key = dice.pick(all.keys);
  const jobId = idOf(key);
  const life = witness.lives.get(jobId);
  if (!life || all.readers.length >= 3) return;
  const after = dice.below(life.seq + 1);
  const forgotten = witness.timesForgotten(jobId);
  const reader = { jobId, after, bytes: '', result: null, process, forgotten };
  all.readers.push(reader);
  all.start(process, `attach ${key} after ${after}`, () => process.read(reader));
}

function sweep(all: Interleaving): void {
  const worker = all.dice.pick(all.workers);
  all.start(worker, 'sweep', () => worker.sweep());
}

function settle(all: Interleaving): void {
  const worker = all.dice.pick(all.workers);
  all.start(worker, 'settle', () => worker.settle());
}

export const locks = ['sweeping', 'settling'];

export async function endLocks(all: Interleaving): Promise<void> {
  const { shared, prefix } = all.surroundings;
  all.note('the locks of the duties run out');
  await shared.run(
    'del',
    locks.map((name) => `${prefix}:${name}`),
  );
}

/** Time can't be held in Redis: what is set aside becomes due, though not while somebody may be on the way to be accepted. */
export async function endLeases(all: Interleaving): Promise<void> {
  if (all.isLettingIn) return;
  const { shared, prefix } = all.surroundings;
  all.note('the leases of what is set aside run out');
  const due = all.keys.flatMap((key) => [0, idOf(key)]);
  await shared.run('zadd', [gateKeys(prefix).reserved(TENANT), 'XX', ...due]);
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

function loseQueue(all: Interleaving): void {
  all.note('the queue is lost');
  all.surroundings.queue.lose();
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
  cancel,
  rerun,
  rerun,
  forget,
  sweep,
  settle,
  endLeases,
  endLocks,
  cutMessages,
  loseQueue,
  handBack,
  longTimer,
  crashApi,
];
