/**
 * Measures what the console waits for in an archive of a million jobs: `npm run bench:archive`. ARCHIVE_JOBS=n sets another number.
 * A line for each question: the median and the slowest of its runs, in ms, and how often it was asked.
 */
import {
  type ArchiveDatabase,
  type ArchiveFilter,
  failuresOf,
  getJob,
  search,
  usageOf,
  writeChanges,
} from '../packages/archive/src/index.ts';
import { endedJob, openArchive, startTestPostgres } from '../packages/archive/testing/postgres.ts';
import { quantile } from './statistics.ts';

const JOBS = Number(process.env.ARCHIVE_JOBS ?? 1_000_000);
const RUNS = 9;
const DAYS = 90;
const start = Date.UTC(2026, 0, 1);
const end = start + DAYS * 86_400_000;

/** 200 tenants, of which the first has a quarter of all jobs; 3 % failed; a hundred thousand users. */
const fill = `
INSERT INTO holdfast_jobs (prefix, id, tenant, task, lane, status, error_code, error, priority, created_at, started_at, finished_at,
  attempts, provider_calls, ambiguous_calls, input_tokens, output_tokens, cost, avoided, estimated, cached, metadata, cursor)
SELECT 'hf', 'job_' || md5(n::text), 'tenant-' || CASE WHEN n % 4 = 0 THEN 0 ELSE hashint4(n) & 127 END,
  'task-' || n % 8, 'lane-' || n % 5, CASE WHEN failed THEN 'failed' ELSE 'completed' END,
  CASE WHEN failed THEN 'code_' || hashint4(n) % 6 END,
  CASE WHEN failed THEN jsonb_build_object('code', 'code_' || hashint4(n) % 6, 'message', 'It failed.', 'retryable', false) END,
  0, at, at, at + interval '3 seconds', 1, 1, 0, 500, 200, 0.001234567, 0, false, false,
  jsonb_build_object('user', 'user-' || (hashint4(n) & 131071), 'feature', 'feature-' || n % 10), 10
FROM (
  SELECT n, (hashint4(n + 1) & 1023) < 31 AS failed, to_timestamp(${start / 1_000} + n * ${(DAYS * 86_400) / JOBS}) AS at
  FROM generate_series(1, ${JOBS}) AS n
) AS jobs`;

async function time(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await ask();
  return performance.now() - began;
}

async function measure(name: string, ask: () => Promise<unknown>): Promise<void> {
  await ask();
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) times.push(await time(ask));
  console.log(
    `${name.padEnd(52)} ${quantile(times, 0.5).toFixed(1).padStart(8)} ${Math.max(...times)
      .toFixed(1)
      .padStart(8)}  (${RUNS})`,
  );
}

/** A page from the middle of the list, as somebody would get there who reads all pages before it. */
function pageInTheMiddle(archive: ArchiveDatabase): Promise<unknown> {
  const cursor = Buffer.from(`${(start + end) / 2}.job_z`, 'latin1').toString('base64url');
  return search(archive, {}, { cursor });
}

const searches: [name: string, filter: ArchiveFilter][] = [
  ['newest', {}],
  ['of the largest tenant', { tenant: 'tenant-0' }],
  ['of a small tenant', { tenant: 'tenant-77' }],
  ['of a tenant without jobs', { tenant: 'nobody' }],
  ['of a task', { task: 'task-3' }],
  ['of a lane', { lane: 'lane-4' }],
  ['failed', { status: 'failed' }],
  ['with an error code', { errorCode: 'code_2' }],
  ['failed, of the largest tenant', { tenant: 'tenant-0', status: 'failed' }],
  ['failed, of a small tenant and a lane', { tenant: 'tenant-77', status: 'failed', lane: 'lane-1' }],
  ['with an error code, of a small tenant', { tenant: 'tenant-77', errorCode: 'code_2' }],
  ['with rare metadata', { metadata: { user: 'user-4711' } }],
  ['with common metadata', { metadata: { feature: 'feature-3' } }],
  ['with metadata that no job has', { metadata: { feature: 'none' } }],
  [
    'with common metadata, of a small tenant, failed',
    { metadata: { feature: 'feature-3' }, tenant: 'tenant-77', status: 'failed' },
  ],
  ['of one day, of a lane', { lane: 'lane-4', createdFrom: new Date(start), createdTo: new Date(start + 86_400_000) }],
];

async function main(): Promise<void> {
  const postgres = await startTestPostgres();
  const archive = openArchive(postgres, 'hf');
  try {
    await archive.prepare();
    const seconds = (await time(() => postgres.query(fill))) / 1_000;
    await postgres.query('VACUUM ANALYZE holdfast_jobs');
    const [size] = await postgres.query(`SELECT pg_total_relation_size('holdfast_jobs')::float8 / ${JOBS} AS bytes`);
    console.log(
      `${JOBS} jobs, made in ${seconds.toFixed(0)} s; ${Number(size?.bytes).toFixed(0)} bytes each, indexes included`,
    );
    console.log(`${'ms'.padEnd(52)} ${'median'.padStart(8)} ${'slowest'.padStart(8)}`);
    for (const [name, filter] of searches) await measure(`a page: ${name}`, () => search(archive, filter));
    await measure('a page: from the middle', () => pageInTheMiddle(archive));
    await measure('one job', () => getJob(archive, 'job_none'));
    const [day, month] = [1, 30].map((days) => ({ from: new Date(end - days * 86_400_000), to: new Date(end) }));
    if (!day || !month) throw new Error('two ranges');
    await measure('usage: a day by hour and tenant', () => usageOf(archive, { ...day, by: 'hour', group: 'tenant' }));
    await measure('usage: 30 days by day and tenant', () => usageOf(archive, { ...month, by: 'day', group: 'tenant' }));
    const one = { ...month, tenant: 'tenant-77' };
    await measure('usage: 30 days by day, of one tenant', () => usageOf(archive, { ...one, by: 'day', group: 'task' }));
    await measure('failures: 30 days', () => failuresOf(archive, month));
    const jobs = Array.from({ length: 200 }, (_, at) => endedJob(`new-${at}`, at));
    await measure('writing 200 jobs', () => writeChanges(archive, '0', async () => ({ ended: jobs, deleted: [] })));
  } finally {
    await archive.close();
    await postgres.close();
  }
}

await main();
