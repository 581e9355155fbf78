/** The list of jobs that haven't ended: what the sweeper goes through. It may name jobs that have; never fewer than are open. */
import { hasEnded } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { openJobsKey } from './keys.ts';

export interface OpenJob {
  jobId: string;
  lane: string;
  release: number;
  priority: number;
  /** When it was accepted, in ms. */
  acceptedAt: number;
  /** When its delay ends or its retry is due, in ms; 0: at once. */
  dueAt: number;
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
  const records = await Promise.all(
    ids.map((id) =>
      redis.hmget(journal.keysOf(id).record, 'status', 'lane', 'release', 'priority', 'retry_at', 'due_at'),
    ),
  );
  const jobs: OpenJob[] = [];
  const gone: string[] = [];
  ids.forEach((jobId, at) => {
    const [status, lane, release, priority, retryAt, dueAt] = records[at] ?? [];
    if (!status || !lane || hasEnded(status)) gone.push(jobId);
    else {
      const acceptedAt = Number(entries[2 * at + 1]);
      jobs.push({
        jobId,
        lane,
        release: Number(release),
        priority: Number(priority),
        acceptedAt,
        dueAt: Math.max(Number(retryAt), Number(dueAt)),
      });
    }
  });
  if (gone.length > 0) await redis.zrem(openJobsKey(prefix), ...gone);
  return { jobs, next: ids.length < size ? null : offset + jobs.length };
}
