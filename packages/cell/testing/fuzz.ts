/** For the fuzz test: a cell with something of everything in it, the arguments of each script on it, and whole snapshots. */
import type { ScriptArgument } from '@holdfast/redis';
import type { scripts } from '../src/scripts/index.ts';
import { changeArguments, event, newJob, type TestAttempt, type TestCell } from './cell.ts';

export type ScriptName = keyof typeof scripts;

/** What the arguments name. */
export interface BusyCell {
  /** It runs, and has something reserved. */
  running: TestAttempt;
  failed: string;
  waiting: string;
  release: string;
}

/** Jobs in every state there is, limits, spend, leftovers, workers, followers. */
export async function fill(t: TestCell): Promise<BusyCell> {
  const lane = t.keys.sched('lane', 'default');
  await t.redis.hset(lane, 'config', '5 100 10000');
  await t.announce(2);
  const first = await t.create({ estimate: 30, deadlineMs: 3_600_000, perMinute: 100, shared: 'one', sharedTtlMs: 0 });
  await t.dispatch();
  const running = await t.claim(first);
  await t.append(running, { record: { spent: 4, open_cost: 3 }, calls: { 'call:a': '{"response":{"id":"resp"}}' } });
  const failed = await t.create({ id: 'failed' });
  await t.run(failed, { status: 'failed', changes: { record: { spent: 5 } } });
  const left = await t.create({ id: 'left' });
  await t.run(left, { status: 'queued', changes: { calls: { 'call:a': '{"response":{"id":"resp"}}' } } });
  await t.cancel(left);
  const waiting = await t.create({ id: 'waiting', estimate: 20, deadlineMs: 3_600_000, tenant: 'b', runLimits: '1 2' });
  await t.create({ id: 'delayed', estimate: 10, delayMs: 1_800_000, tenant: 'b' });
  await t.create({ id: 'follower', shared: 'one', sharedTtlMs: 0 });
  return { running, failed, waiting, release: (await t.record(waiting)).release ?? '' };
}

/** Changes of which each number is one argument. */
const changes = changeArguments({ record: { spent: 9, open_cost: 8, calls: 2 }, steps: { 'step:s': 1 } });

/** Arguments of each script that do something. Numbers are what is replaced. */
export const argumentsOf: Record<ScriptName, (t: TestCell, busy: BusyCell) => ScriptArgument[]> = {
  submit: (t) => {
    const numbers = { priority: 1, tokens: 10, delayMs: 50_000, deadlineMs: 90_000, estimate: 5, perMinute: 100 };
    const limits = { dayBudget: 1_000, monthBudget: 2_000, maxQueued: 50, areNewer: 1, sharedTtlMs: 5_000 };
    const job = { ...newJob, ...numbers, ...limits, id: 'new', shared: 'two', tenant: 'b', runLimits: '3 2' };
    return [...Object.values(job), t.cell.retentionMs];
  },
  dispatch: (t) => ['default', '{}', t.cell.retentionMs],
  claim: (_t, { waiting, release }) => [waiting, Number(release), 'token'],
  append: (_t, { running: { id, attempt, token, seq } }) => [
    id,
    attempt,
    token,
    seq,
    seq + 1,
    event(seq + 1, 'text.delta'),
    ...changes,
  ],
  finish: (t, { running: { id, attempt, token, seq } }) => [
    id,
    attempt,
    token,
    seq,
    seq + 1,
    event(seq + 1, 'job.queued'),
    'queued',
    t.cell.retentionMs,
    1_000,
    1,
    '',
    '',
    ...changes,
  ],
  cancel: (t, { waiting }) => [waiting, t.cell.retentionMs],
  retry: (_t, { failed }) => [failed, '{}', 5, 100, 1_000, 2_000, 50],
  delete: (_t, { failed }) => [failed],
  reserve: (_t, { running: { id, attempt, token } }) => [id, attempt, token, 40, 10, 35, 2_000],
  lead: (t) => ['follower', 'one', 5_000, Date.now(), t.cell.retentionMs],
  acquireCall: () => ['default', 10],
  correctCall: () => ['default', 10, 20, 30, 5],
  slowDown: () => ['default', 3, 1_000, 5_000, 100],
  capacity: () => ['default', 'w', 3],
  runLimits: () => ['b', '3 2'],
  permitsToCheck: () => ['default', 5_000, 10],
  handOverAgain: (_t, { waiting, release }) => [waiting, Number(release), 0, 'other'],
  doOthersWait: () => ['default', 'acme'],
  depth: () => ['default'],
  counts: () => [],
  repair: () => [1, 'waiting', 10],
  list: () => ['open', 1, 'waiting', 10],
  jobsOfLane: () => ['default', 1, 'waiting', 10],
  removeExpired: () => [10],
  removeArchived: (_t, { failed }) => [failed, 5],
  claimLeftovers: () => [10],
  read: (_t, { failed, waiting }) => [1, failed, waiting],
  stageValue: () => ['name', 3, 'bytes'],
  stageEvents: (_t, { running: { id, attempt, token, seq } }) => [id, attempt, token, seq, seq + 1, 3, 'bytes'],
  readRequests: () => ['acme'],
  claimPacking: () => [10],
  packJob: (_t, { failed }) => [failed, 3, 'packed'],
  unpackJob: (_t, { failed }) => [failed, 'log', 'request'],
};

const extremes = [
  '0',
  '-1',
  '1',
  '2147483648',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '1e308',
];

export interface Trial {
  what: string;
  args: ScriptArgument[];
}

/** The same arguments with one number in turn replaced by each of the extremes. */
export function trialsOf(args: readonly ScriptArgument[]): Trial[] {
  return args.flatMap((arg, at) => {
    const replaced = (text: string) => ({ what: `argument ${at + 1}: ${text}`, args: args.with(at, text) });
    if (typeof arg === 'number') return extremes.map(replaced);
    const [, limit, weight] = /^(\d+) (\d+)$/.exec(String(arg)) ?? [];
    if (limit === undefined) return [];
    return extremes.flatMap((extreme) => [replaced(`${extreme} ${weight}`), replaced(`${limit} ${extreme}`)]);
  });
}

/** Values by their keys, and how long each had left; 0: it does not expire. */
export type Snapshot = ReadonlyMap<string, { dump: Buffer; leftMs: number }>;

export async function snapshot(t: TestCell): Promise<Snapshot> {
  const keys = (await t.allKeys()).sort();
  const found = await Promise.all(
    keys.map(async (key) => {
      const [dump, leftMs] = await Promise.all([t.redis.dumpBuffer(key), t.redis.pttl(key)]);
      return [key, { dump, leftMs: Math.max(0, leftMs) }] as const;
    }),
  );
  return new Map(found);
}

/** Makes the cell what it was. */
export async function restore(t: TestCell, before: Snapshot): Promise<void> {
  const keys = await t.allKeys();
  if (keys.length > 0) await t.redis.del(...keys);
  await Promise.all(
    // What expires has as long as it had then: the trials may take longer.
    [...before].map(([key, { dump, leftMs }]) => t.redis.restore(key, leftMs, dump)),
  );
}

/** Keys that two snapshots don't have in common. */
export function changedKeys(before: Snapshot, after: Snapshot): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => {
    const [one, other] = [before.get(key), after.get(key)];
    return !one || !other || !one.dump.equals(other.dump);
  });
}

/** Numbers that a script has printed as no whole number is: it could not count on from them. What was given is stored as it is. */
export async function oddNumbers(t: TestCell): Promise<string[]> {
  const keys = await t.allKeys();
  const odd = await Promise.all(
    keys.map(async (key) => {
      if ((await t.redis.type(key)) !== 'hash') return [];
      const values = Object.entries(await t.redis.hgetall(key));
      const isOdd = (value: string) =>
        /^-?(\d+(\.\d+)?e\+?\d+|inf|nan|-?nan)$/i.test(value) && !extremes.includes(value);
      return values.filter(([, value]) => isOdd(value)).map(([field, value]) => `${key} ${field}: ${value}`);
    }),
  );
  return odd.flat();
}

/** Ends all that is open. */
export async function endAll(t: TestCell): Promise<void> {
  for (const id of await t.redis.zrange(t.keys.open, '0', '-1')) {
    const [kind] = await t.cancel(id);
    if (kind === 'requested') await t.run(id, { status: 'cancelled' });
  }
}
