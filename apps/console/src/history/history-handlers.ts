/** History and failures through the admin API. */
import type { FailureGroup } from '@holdfast/admin';
import { type FailureCount, readHistory, readTenantTotals } from '@holdfast/history';
import { type OwnedSummary, searchJobs } from '@holdfast/journal';
import type { Redis } from '@holdfast/redis';
import type { Handlers } from '../api/handler.ts';
import type { ConsoleCells } from '../cells.ts';
import { showHistory } from './show-history.ts';

/** So many of the newest failed jobs are looked at for examples, and so many are shown of each group. */
const LOOKED_AT = 500;
const EXAMPLES = 5;

interface HistoryNeeds {
  redis: Redis;
  prefix: string;
  cells: ConsoleCells;
}

export function historyHandlers({ redis, prefix, cells }: HistoryNeeds): Handlers<'history' | 'failures'> {
  return {
    history: async ({ query: { range } }) => {
      const [history, tenants] = await Promise.all([
        readHistory(redis, prefix, range),
        readTenantTotals(redis, prefix, range),
      ]);
      return showHistory(history, tenants);
    },
    failures: async ({ query: { range } }) => {
      const [{ totals, points }, { jobs }] = await Promise.all([
        readHistory(redis, prefix, range),
        searchJobs(cells, { filter: { status: 'failed' }, limit: LOOKED_AT }),
      ]);
      const since = points[0]?.at ?? '';
      const inRange = jobs.filter(({ job }) => (job.finished_at ?? '') >= since);
      return { range, groups: totals.failures.map((counted) => groupOf(counted, inRange)) };
    },
  };
}

function groupOf({ code, provider, lane, count }: FailureCount, newest: readonly OwnedSummary[]): FailureGroup {
  const alike = newest.filter(
    ({ job }) => job.lane === lane && job.error?.code === code && (job.error.provider ?? null) === provider,
  );
  return { code, provider, lane, count, newest: alike.slice(0, EXAMPLES).map(showExample) };
}

function showExample({ tenant, job }: OwnedSummary): FailureGroup['newest'][number] {
  const { id, task, finished_at, created_at, error } = job;
  return { id, tenant, task, finished_at: finished_at ?? created_at, message: error?.message ?? '' };
}
