/** The list of jobs that haven't ended: what the sweeper goes through. It may name jobs that have; never fewer than are open. */
import { hasEnded } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { openJobsKey } from './keys.ts';
import type { RecordField } from './record.ts';

export interface OpenJob {
  jobId: string;
  /** Whose queue it waits in. */
  lane: string;
  release: number;
  attempt: number;
  tenant: string;
  priority: number;
  /** Estimate of its first provider call's. */
  tokens: number;
  /** ms until its delay ends or its retry is due; 0: at once. */
  delayMs: number;
  /** ms until its deadline; null: it has none. */
  deadlineInMs: number | null;
}

/** A record that is missing for so long, in ms, won't come any more. */
const MISSING_FOR_MS = 3_600_000;

/**
 * Takes ended jobs off the list. One that is run again at this very moment is put back: whoever opens a job lists it after
 * its record is open too, so that of the two at least the later one sees the other.
 */
export async function dropEnded(
  journal: Pick<Journal, 'redis' | 'prefix' | 'keysOf'>,
  jobIds: readonly string[],
): Promise<void> {
  if (jobIds.length === 0) return;
  const { redis, prefix } = journal;
  await redis.zrem(openJobsKey(prefix), ...jobIds);
  const statuses = await Promise.all(jobIds.map((id) => redis.hget(journal.keysOf(id).record, 'status')));
  const open = jobIds.filter((_, at) => {
    const status = statuses[at];
    return status !== null && status !== undefined && !hasEnded(status);
  });
  await Promise.all(open.map((id) => redis.zadd(openJobsKey(prefix), 'NX', Date.now(), id)));
}

const openFields = [
  'status',
  'lane',
  'release',
  'attempt',
  'tenant',
  'priority',
  'tokens',
  'retry_at',
  'due_at',
  'deadline_at',
  'queue',
] as const satisfies RecordField[];

/** How many jobs are listed as open. */
export async function countOpenJobs({ redis, prefix }: Pick<Journal, 'redis' | 'prefix'>): Promise<number> {
  return redis.zcard(openJobsKey(prefix));
}

interface Page {
  jobs: OpenJob[];
  /** Where the next page begins; null after the last. */
  next: number | null;
}

/**
 * A page of open jobs accepted before `before` (ms), oldest first, from `offset` on. Entries of ended or vanished jobs
 * are dropped from the list on the way.
 */
export async function readOpenJobs(journal: Journal, offset: number, size: number, before: number): Promise<Page> {
  const { redis, prefix } = journal;
  const entries = await redis.zrangebyscore(openJobsKey(prefix), '-inf', before, 'WITHSCORES', 'LIMIT', offset, size);
  const ids = entries.filter((_, at) => at % 2 === 0);
  const records = await Promise.all(ids.map((id) => redis.hmget(journal.keysOf(id).record, ...openFields)));
  const [seconds, micros] = await redis.time();
  const now = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  const jobs: OpenJob[] = [];
  const gone: string[] = [];
  ids.forEach((jobId, at) => {
    const [status, lane, release, attempt, tenant, priority, tokens, retryAt, dueAt, deadlineAt, queue] =
      records[at] ?? [];
    const acceptedAt = Number(entries[2 * at + 1]);
    if (!status || !lane || !tenant) {
      // The entry is written before the record is, by a machine whose clock may be off.
      if (acceptedAt < Date.now() - MISSING_FOR_MS) gone.push(jobId);
    } else if (hasEnded(status)) gone.push(jobId);
    else {
      jobs.push({
        jobId,
        lane: queue || lane,
        release: Number(release),
        attempt: Number(attempt),
        tenant,
        priority: Number(priority),
        tokens: Number(tokens),
        delayMs: Math.max(0, Number(retryAt) - now, Number(dueAt) - now),
        deadlineInMs: deadlineAt ? Number(deadlineAt) - now : null,
      });
    }
  });
  await dropEnded(journal, gone);
  return { jobs, next: ids.length < size ? null : offset + jobs.length };
}
