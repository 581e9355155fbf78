/**
 * Measures how long an admin's search takes among a million stored jobs, the worst filters included.
 *
 *   1. writes records and lists straight into a Redis of its own, as the scripts leave them: 1,000 tenants, 2 % failed, few open jobs
 *   2. measures each search 20 times, after one that doesn't count, and prints the median and the slowest in ms
 *   3. starts a console on it, and measures each page of the admin API the same way, over HTTP
 *
 * `npm run bench:search`; SEARCH_JOBS=n sets the number of jobs. A million take 1 GB of memory.
 */
import { Cell } from '@holdfast/cell';
import { jobIdFor } from '@holdfast/core';
import { createTenants } from '@holdfast/gate';
import { type JobFilter, Journal, readJobDetails, searchJobs } from '@holdfast/journal';
import { startRedis } from '@holdfast/local/redis';
import { disconnectRedis, type Redis } from '@holdfast/redis';
import { makeQuickDirectory } from '../packages/core/testing/quick-directory.ts';
import { freePort, Service } from '../tests/stack/stack.ts';
import { openRedis } from './open-redis.ts';

const JOBS = Number(process.env.SEARCH_JOBS ?? 1_000_000);
const TENANTS = 1_000;
const BATCH = 2_000;
const REPETITIONS = 20;
const log = (line: string) => console.log(line);

const now = Date.now();
const createdAt = (job: number) => now - (JOBS - job) * 50;

function statusOf(job: number): string {
  if (job % 50 === 0) return 'failed';
  return job % 10_000 === 1 ? 'queued' : 'completed';
}

/** One job as the scripts leave it. Its id has the form of all ids. */
function recordOf(job: number, status: string) {
  const at = createdAt(job);
  return {
    tenant: `tenant-${job % TENANTS}`,
    lane: job % 1_000 === 7 ? 'rare' : 'default',
    task: 'chat.completions',
    digest: '0'.repeat(64),
    status,
    attempt: 1,
    seq: 6,
    size: 472,
    priority: 0,
    tokens: 10,
    created_at: at,
    release: job,
    started_at: at + 5,
    finished_at: at + 900,
    request_size: 62,
    output_size: 64,
    'ran:1': '5 host-12345 895 c',
    'made:1.1': '6 main gpt-5-mini c - 890 c 300 1200 350 45000',
  };
}

async function fill(redis: Redis, cell: Cell): Promise<void> {
  const { keys } = cell;
  for (let from = 0; from < JOBS; from += BATCH) {
    const pipeline = redis.pipeline();
    for (let job = from; job < Math.min(from + BATCH, JOBS); job += 1) {
      const status = statusOf(job);
      const record = recordOf(job, status);
      const id = jobIdFor(record.tenant, String(job));
      pipeline.hset(keys.job(id).record, record);
      pipeline.zadd(keys.jobs, record.created_at, id);
      pipeline.zadd(keys.tenantJobs(record.tenant), record.created_at, id);
      if (status === 'queued') pipeline.zadd(keys.open, record.created_at, id);
      if (status === 'failed') {
        const code = job === 0 ? 'answer_too_large' : 'provider_rate_limited';
        const error = { code, message: 'No.', retryable: false };
        pipeline.hset(keys.job(id).details, 'error', JSON.stringify(error));
        pipeline.zadd(keys.failed, record.finished_at, id);
      } else if (job % 100 === 3) pipeline.hset(keys.job(id).details, 'metadata', '{"customer":"c1"}');
    }
    await pipeline.exec();
    if (from % 200_000 === 0) log(`${from} jobs`);
  }
}

const searches: Record<string, JobFilter> = {
  'no filter': {},
  'by id': { id: jobIdFor('tenant-5', '5') },
  'by tenant and key': { tenant: 'tenant-5', key: '5' },
  'by tenant': { tenant: 'tenant-5' },
  'by tenant and status': { tenant: 'tenant-5', status: 'cancelled' },
  queued: { status: 'queued' },
  failed: { status: 'failed' },
  'an error that one job has': { errorCode: 'answer_too_large' },
  'a lane with few jobs': { lane: 'rare' },
  metadata: { metadata: { customer: 'c1' } },
  'an old time': { createdFrom: createdAt(0), createdTo: createdAt(10) },
  'nothing matches': { status: 'cancelled' },
  'no such metadata': { metadata: { customer: 'nobody' } },
};

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await run();
  return performance.now() - begin;
}

async function measure(name: string, run: () => Promise<string>): Promise<void> {
  const found = await run();
  const times: number[] = [];
  for (let turn = 0; turn < REPETITIONS; turn += 1) times.push(await timed(run));
  times.sort((one, other) => one - other);
  const [median = 0, slowest = 0] = [times[REPETITIONS / 2], times.at(-1)];
  log(`${name.padEnd(38)} ${median.toFixed(1).padStart(8)} ${slowest.toFixed(1).padStart(8)}   ${found}`);
}

async function measureAll(redis: Redis): Promise<void> {
  const cell = new Cell({ redis, prefix: 'hf', retentionMs: 86_400_000 });
  const journal = new Journal(cell);
  const cells = { all: [{ journal }], of: () => ({ journal }) };
  await fill(redis, cell);
  log(/used_memory_human:\S+/.exec(await redis.info('memory'))?.[0] ?? '');
  log(`${'search'.padEnd(38)}   median  slowest   found`);
  for (const [name, filter] of Object.entries(searches)) {
    await measure(name, async () => {
      const { jobs, scannedTo } = await searchJobs(cells, { filter, limit: 50 });
      return `${jobs.length}${scannedTo ? ' of 2,000 read' : ''}`;
    });
  }
  await measure('a job with its timeline', async () =>
    String((await readJobDetails(journal, jobIdFor('tenant-5', '5')))?.timeline.calls.length),
  );
}

/** What the pages of the console ask for. */
const pages = [
  '/history?range=1h',
  '/history?range=7d',
  '/failures?range=24h',
  '/lanes',
  '/workers',
  '/tenants',
  '/tenants/tenant-5/usage',
  '/plans',
  '/settings',
  '/audit',
  '/jobs',
  '/jobs?tenant=tenant-5',
  '/jobs?status=failed',
  '/jobs?error_code=answer_too_large',
  '/jobs?lane=rare',
  '/jobs?metadata.customer=nobody',
  '/jobs?status=cancelled',
  `/jobs/${jobIdFor('tenant-5', '5')}`,
];

async function measurePages(connection: Redis, redisUrl: string): Promise<void> {
  const tenants = createTenants({ redis: connection, prefix: 'hf' });
  for (let at = 0; at < TENANTS; at += 1) await tenants.put(`tenant-${at}`, { limits: { budget_usd: { day: 1 } } });
  const [key, port] = ['a-key-of-the-bench-that-nobody-guesses', await freePort()];
  const console_ = new Service('console', {
    REDIS_URL: redisUrl,
    CONSOLE_PORT: String(port),
    HOLDFAST_ADMIN_KEY: key,
    DURABILITY: 'memory',
    LOG_LEVEL: 'info',
  });
  try {
    await console_.saying('console ready');
    const headers = { authorization: `Bearer ${key}` };
    for (const page of pages) {
      await measure(page, async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/admin/v1${page}`, { headers });
        const body = (await answer.json()) as { data?: unknown[] };
        return answer.ok ? (body.data ? String(body.data.length) : '') : `status ${answer.status}`;
      });
    }
  } finally {
    await console_.end();
  }
}

const redis = await startRedis({ dataDir: makeQuickDirectory('holdfast-bench-'), env: process.env, log });
const connection = await openRedis(redis.url, 'worker');
try {
  await connection.config('SET', 'appendonly', 'no');
  await measureAll(connection);
  await measurePages(connection, redis.url);
} finally {
  await disconnectRedis(connection);
  await redis.stop();
}
