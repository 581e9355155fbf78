/**
 * What has ended is in the archive once, as it has ended, although PostgreSQL is killed while it writes: compared with what the API
 * has said of each job.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Job } from '@holdfast/client';
import { getJob, search } from '../../../packages/archive/src/index.ts';
import { openArchive, startTestPostgres, type TestPostgres } from '../../../packages/archive/testing/postgres.ts';
import { chat, type Stack, until } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

const JOBS = 40;

/** Whoever writes to the table waits until the lock is released. */
export async function holdWrites({ probe }: Stage, postgres: TestPostgres) {
  // Else the deletion of old jobs might be what waits, and no batch would come.
  await probe.redis.set(probe.cell.keys.lock('archive-old'), '1', 'EX', 600);
  return postgres.hold('LOCK TABLE holdfast_jobs IN SHARE MODE');
}

/** Waits until a worker is in the middle of writing a batch. */
export async function writing(postgres: TestPostgres): Promise<void> {
  const waiting = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE relation = 'holdfast_jobs'::regclass AND NOT granted AND query LIKE '%INSERT INTO holdfast_jobs%'`;
  await until('a batch is being written', async () => (await postgres.query(waiting)).length > 0);
}

/** Runs jobs to their ends, of which every fourth fails. As the API shows them at the end. */
export async function runJobs({ client }: Stack, name: string, count = JOBS): Promise<Job[]> {
  const sims = Array.from({ length: count }, (_, at) => (at % 4 === 0 ? 'status=400' : 'tokens=2'));
  const submitted = await Promise.all(sims.map((sim) => client.submit(chat(name, sim))));
  return Promise.all(submitted.map(({ job }) => client.wait(job.id)));
}

/** Waits until the outbox is empty, and compares the archive with all jobs that are to be in it. */
export async function compare({ stack, probe }: Stage, postgres: TestPostgres, jobs: readonly Job[]) {
  await until('the outbox is empty', async () => (await probe.redis.zcard(probe.cell.keys.archiving)) === 0);
  const archive = openArchive(postgres, stack.prefix);
  try {
    const found = await Promise.all(jobs.map(({ id }) => getJob(archive, id)));
    const different = jobs.filter((job, at) => {
      const { output, output_text, ...summary } = job;
      return found[at] !== null && !isDeepStrictEqual(found[at]?.job, summary);
    });
    const missing = found.filter((job) => job === null).length;
    const { jobs: all } = await search(archive, {}, { limit: jobs.length + 100 });
    return { missing, different: different.length, tooMany: Math.max(0, all.length - jobs.length + missing) };
  } finally {
    await archive.close();
  }
}

export const archived = {
  name: 'archived',
  stack: { workers: 0 },
  most: { missing: 0, different: 0, tooMany: 0 },

  async play(stage: Stage) {
    const { stack } = stage;
    const postgres = await startTestPostgres();
    try {
      await stack.start('worker', { ARCHIVE_URL: postgres.url });
      await holdWrites(stage, postgres);
      const jobs = await runJobs(stack, 'archived');
      await writing(postgres);
      await postgres.kill();
      jobs.push(...(await runJobs(stack, 'archived meanwhile')));
      await postgres.start();
      return { counts: await compare(stage, postgres, jobs) };
    } finally {
      await Promise.all(stack.running('worker').map((worker) => worker.end()));
      await postgres.close();
    }
  },
} satisfies Scenario;
