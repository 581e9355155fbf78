/**
 * Which worker processes are alive: each announces itself every few seconds, and counts as gone after some silence. With it goes what
 * the worker says of itself (`worker-status.ts`).
 *
 * A worker that stops says that it drains. It then counts as none that takes jobs, and is listed until its jobs are over.
 */
import { GONE_AFTER_MS } from '@holdfast/cell';
import { type Redis, redisTime } from '@holdfast/redis';
import { workerKey, workersKey } from '../names.ts';
import { readStatus, type WorkerStatus } from './worker-status.ts';

const EVERY_MS = 2_000;

export interface LiveWorker {
  /** Without spaces. */
  id: string;
  /** Digest of the config file that it runs with. */
  configDigest: string;
}

export interface SeenWorker extends LiveWorker {
  /** ms, Redis' clock. */
  seenAtMs: number;
  draining: boolean;
  /** null: it has said nothing of itself, or is of another version. */
  status: WorkerStatus | null;
}

/** @param nowMs Redis' time. @param draining the worker stops */
export type ReportStatus = (nowMs: number, draining: boolean) => WorkerStatus;

export interface Presence {
  /** From here on the worker is announced as one that stops. */
  drain(): Promise<void>;
  leave(): Promise<void>;
}

const DRAINING = 'draining';
const memberOf = ({ id, configDigest }: LiveWorker) => `${id} ${configDigest}`;
const drainingMember = (worker: LiveWorker) => `${memberOf(worker)} ${DRAINING}`;

/** Announces a worker once. Keeps what it has said of itself before. */
export async function announceOnce(redis: Redis, prefix: string, worker: LiveWorker): Promise<void> {
  const now = await redisTime(redis);
  await Promise.all([
    seen(redis, prefix, memberOf(worker), now),
    redis.pexpire(workerKey(prefix, worker.id), GONE_AFTER_MS),
  ]);
}

async function seen(redis: Redis, prefix: string, member: string, now: number): Promise<void> {
  const key = workersKey(prefix);
  await Promise.all([redis.zadd(key, now, member), redis.zremrangebyscore(key, '-inf', now - 60 * GONE_AFTER_MS)]);
}

/**
 * Announces a worker every few seconds until `leave` is called.
 * Failures are ignored: a worker that can't reach Redis should count as gone.
 */
export async function announceWorker(
  redis: Redis,
  prefix: string,
  worker: LiveWorker,
  report: ReportStatus,
): Promise<Presence> {
  let draining = false;
  const key = workersKey(prefix);
  const statusKey = workerKey(prefix, worker.id);
  const announce = async () => {
    const now = await redisTime(redis);
    await Promise.all([
      seen(redis, prefix, draining ? drainingMember(worker) : memberOf(worker), now),
      redis.set(statusKey, JSON.stringify(report(now, draining)), 'PX', GONE_AFTER_MS),
    ]);
  };
  await announce();
  const timer = setInterval(() => void announce().catch(() => undefined), EVERY_MS);
  return {
    async drain() {
      draining = true;
      await Promise.all([redis.zrem(key, memberOf(worker)), announce()]);
    },
    async leave() {
      clearInterval(timer);
      await Promise.all([redis.zrem(key, memberOf(worker), drainingMember(worker)), redis.del(statusKey)]);
    },
  };
}

/** The worker processes that are alive and don't stop. */
export async function liveWorkers(redis: Redis, prefix: string): Promise<LiveWorker[]> {
  const members = await redis.zrangebyscore(workersKey(prefix), (await redisTime(redis)) - GONE_AFTER_MS, '+inf');
  return members.flatMap((member) => {
    const { id, configDigest, draining } = workerOf(member);
    return draining ? [] : [{ id, configDigest }];
  });
}

/** The worker processes that are alive, those that stop included, with what they say of themselves; by their ids. */
export async function readWorkers(redis: Redis, prefix: string): Promise<SeenWorker[]> {
  const since = (await redisTime(redis)) - GONE_AFTER_MS;
  const entries = await redis.zrangebyscore(workersKey(prefix), since, '+inf', 'WITHSCORES');
  // A worker that has just begun to stop may have two entries: the newer one counts.
  const found = new Map<string, LiveWorker & { draining: boolean; seenAtMs: number }>();
  for (let at = 0; at < entries.length; at += 2) {
    const worker = workerOf(entries[at] ?? '');
    found.set(worker.id, { ...worker, seenAtMs: Number(entries[at + 1]) });
  }
  const workers = await Promise.all(
    [...found.values()].map(async (worker) => ({
      ...worker,
      status: readStatus(await redis.get(workerKey(prefix, worker.id))),
    })),
  );
  return workers.sort((one, other) => one.id.localeCompare(other.id));
}

function workerOf(member: string): LiveWorker & { draining: boolean } {
  const [id = '', configDigest = '', state] = member.split(' ');
  return { id, configDigest, draining: state === DRAINING };
}
