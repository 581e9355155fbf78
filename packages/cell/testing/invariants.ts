/** The invariants S1 to S3, and that the lists are complete, checked over everything that a cell holds. For tests. */
import { followersLane } from '@holdfast/core';
import type { Cell } from '../src/cell.ts';

interface Open {
  id: string;
  record: Record<string, string>;
  lane: string;
  places: string[];
}

type Counts = Map<string, number>;

function addTo(counts: Counts, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

async function readOpen({ redis, keys }: Cell): Promise<Open[]> {
  const ids = await redis.zrange(keys.open, '0', '-1');
  return Promise.all(
    ids.map(async (id) => {
      const record = await redis.hgetall(keys.job(id).record);
      const lane = record.queue ?? record.lane ?? '';
      const [waiting, delayed, permit] = await Promise.all([
        redis.zscore(keys.sched('backlog', `${lane}:${record.tenant}`), id),
        redis.zscore(keys.sched('due', lane), id),
        redis.zscore(keys.sched('permits', lane), `${id}.${record.release}`),
      ]);
      const places = Object.entries({ waiting, delayed, permit }).flatMap(([place, at]) =>
        at === null ? [] : [place],
      );
      return { id, record, lane, places };
    }),
  );
}

/** (S1) Exactly one place each; who runs holds a permit. */
function misplaced(open: readonly Open[]): string[] {
  return open.flatMap(({ id, record: { status = '' }, places }) => {
    if (places.length !== 1) return [`${id} (${status}) is in [${places}]`];
    return status === 'queued' || status === 'running' ? [] : [`${id} is open and ${status}`];
  });
}

/** (S2) What tenants have reserved is the sum over their open jobs. */
async function wrongReservations({ redis, keys }: Cell, open: readonly Open[]): Promise<string[]> {
  const sums: Counts = new Map();
  const tenants = (await redis.keys(`${keys.base}tenant:*`)).map(
    (key) => key.slice(keys.base.length).split(':')[1] ?? '',
  );
  for (const tenant of tenants) addTo(sums, tenant, 0);
  for (const { record } of open) addTo(sums, record.tenant ?? '', Number(record.reserved ?? 0));
  const found = await Promise.all(
    [...sums].map(async ([tenant, sum]) => {
      const reserved = Number((await redis.hget(keys.tenant(tenant), 'reserved')) ?? 0);
      return reserved === Math.min(sum, Number.MAX_SAFE_INTEGER)
        ? []
        : [`${tenant} has ${reserved} reserved, not ${sum}`];
    }),
  );
  return found.flat();
}

/** (S3) The scheduler's counts are those of its sets. */
async function wrongCounts({ redis, keys }: Cell, open: readonly Open[]): Promise<string[]> {
  const expected = { lanes: new Map(), waiting: new Map(), running: new Map() } as Record<string, Counts>;
  const permits: Counts = new Map();
  for (const { lane, record, places } of open) {
    addTo(expected.lanes ?? new Map(), lane);
    const holds = places.includes('permit');
    if (holds) addTo(permits, lane);
    if (!holds || lane !== followersLane)
      addTo(expected[holds ? 'running' : 'waiting'] ?? new Map(), record.tenant ?? '');
  }
  const problems: string[] = [];
  for (const [name, counts] of Object.entries(expected)) {
    const stored = await redis.hgetall(keys.sched(name));
    const wanted = Object.fromEntries([...counts].map(([of, count]) => [of, String(count)]));
    const sorted = (of: object) => JSON.stringify(Object.entries(of).sort());
    if (sorted(stored) !== sorted(wanted)) problems.push(`${name}: ${sorted(stored)}, not ${sorted(wanted)}`);
  }
  for (const key of await redis.keys(`${keys.base}sched:permits:*`)) {
    const lane = key.slice(`${keys.base}sched:permits:`.length);
    const held = await redis.zcard(key);
    if (held !== (permits.get(lane) ?? 0)) problems.push(`${lane} has ${held} permits, not ${permits.get(lane) ?? 0}`);
  }
  return problems;
}

/** Who has jobs waiting is on a ring, once, or blocked by its own limit. */
async function lostTurns({ redis, keys }: Cell, open: readonly Open[]): Promise<string[]> {
  const problems = new Set<string>();
  for (const { lane, record, places } of open) {
    const tenant = record.tenant ?? '';
    if (!places.includes('waiting')) continue;
    const [fresh, old, blocked] = await Promise.all([
      redis.lrange(keys.sched('new', lane), 0, -1),
      redis.lrange(keys.sched('old', lane), 0, -1),
      redis.sismember(keys.sched('blocked', tenant), lane),
    ]);
    const turns = [...fresh, ...old].filter((name) => name === tenant).length;
    if (turns + blocked !== 1) problems.add(`${tenant} has ${turns} turns in ${lane}, blocked: ${blocked}`);
  }
  return [...problems];
}

/** The list of all jobs has each job that is kept, and the list of failed ones those that have failed. */
async function unlisted({ redis, keys }: Cell): Promise<string[]> {
  const [open, expiring, jobs, failed] = await Promise.all(
    [keys.open, `${keys.base}expiring`, keys.jobs, keys.failed].map((key) => redis.zrange(key, '0', '-1')),
  );
  const kept = new Set([...(open ?? []), ...(expiring ?? [])].map((entry) => entry.split(' ')[0] ?? ''));
  const problems = [...kept].filter((id) => !jobs?.includes(id)).map((id) => `${id} is not listed`);
  const statusOf = (id: string) => redis.hget(keys.job(id).record, 'status');
  for (const id of kept) {
    const [status, isListed] = [await statusOf(id), failed?.includes(id) === true];
    if (status !== null && (status === 'failed') !== isListed)
      problems.push(`${id} is ${status}, listed as failed: ${isListed}`);
  }
  return problems;
}

/** What is wrong, in words; empty: nothing is. */
export async function findProblems(cell: Cell): Promise<string[]> {
  const open = await readOpen(cell);
  const [reservations, counts, turns, lists] = await Promise.all([
    wrongReservations(cell, open),
    wrongCounts(cell, open),
    lostTurns(cell, open),
    unlisted(cell),
  ]);
  return [...misplaced(open), ...reservations, ...counts, ...turns, ...lists];
}
