/**
 * Failures of a range, by code, provider and lane. How many there were is counted as they happen; which jobs they were is read from
 * the newest failed ones that Redis has, and from the archive for groups that have none there.
 */
import type { FailureGroup, Range } from '@holdfast/admin';
import { readHistory } from '@holdfast/history';
import { type OwnedSummary, searchJobs } from '@holdfast/journal';
import type { Redis } from '@holdfast/redis';
import type { Actor } from '../access/actor.ts';
import type { ArchivedJobs } from '../jobs/archived-jobs.ts';
import type { Sources } from '../jobs/search-all.ts';
import { showMessage } from '../jobs/show-job.ts';

const EXAMPLES = 5;
/** How many of the newest failed jobs are looked at for examples. */
const MAX_LOOKED_AT = 500;

export interface FailuresNeeds extends Sources {
  redis: Redis;
  prefix: string;
}

type Named = Pick<FailureGroup, 'code' | 'provider' | 'lane'>;
type Viewer = Pick<Actor, 'role'>;
type Examples = ReadonlyMap<string, FailureGroup['newest']>;

const keyOf = ({ code, provider, lane }: Named) => JSON.stringify([code, provider, lane]);

export async function readFailures(needs: FailuresNeeds, range: Range, viewer: Viewer): Promise<FailureGroup[]> {
  const { redis, prefix, archive } = needs;
  const { points, totals } = await readHistory(redis, prefix, range);
  const from = points[0]?.at ?? new Date().toISOString();
  const inRedis = await newestInRedis(needs, from, viewer);
  const lacks = totals.failures.some((group) => !inRedis.has(keyOf(group)));
  const archived = archive && lacks ? await newestInArchive(archive, from, viewer) : new Map();
  return totals.failures.map(({ code, provider, lane, count }) => {
    const key = keyOf({ code, provider, lane });
    return { code, provider, lane, count, newest: inRedis.get(key) ?? archived.get(key) ?? [] };
  });
}

async function newestInRedis({ cells }: FailuresNeeds, from: string, viewer: Viewer): Promise<Examples> {
  const { jobs } = await searchJobs(cells, { filter: { status: 'failed' }, limit: MAX_LOOKED_AT });
  const inRange = jobs.filter(({ job }) => job.finished_at !== null && job.finished_at >= from);
  const newestFirst = inRange.sort((a, b) => ((a.job.finished_at ?? '') > (b.job.finished_at ?? '') ? -1 : 1));
  const byGroup = Map.groupBy(newestFirst, ({ job: { error, lane } }) =>
    keyOf({ code: error?.code ?? '', provider: error?.provider ?? null, lane }),
  );
  return new Map(
    [...byGroup].map(([key, found]) => [key, found.slice(0, EXAMPLES).map((one) => showExample(one, viewer))]),
  );
}

function showExample({ tenant, job }: OwnedSummary, viewer: Viewer): FailureGroup['newest'][number] {
  const { id, task, finished_at, error } = job;
  return { id, tenant, task, finished_at: finished_at ?? '', message: showMessage(error?.message ?? '', viewer) };
}

/** Empty where PostgreSQL is away: the counts say enough. */
async function newestInArchive(archive: ArchivedJobs, from: string, viewer: Viewer): Promise<Examples> {
  const groups = await archive.failures(new Date(from)).catch(() => []);
  return new Map(
    groups.map((group) => [
      keyOf(group),
      group.newest.map(({ id, tenant, task, finishedAt, message }) => ({
        id,
        tenant,
        task,
        finished_at: finishedAt.toISOString(),
        message: showMessage(message, viewer),
      })),
    ]),
  );
}
