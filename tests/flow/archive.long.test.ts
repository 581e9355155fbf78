/** The archive in PostgreSQL, with real processes: what is in it is compared with what the API has said of each job. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getJob, search, writeChanges } from '../../packages/archive/src/index.ts';
import {
  endedJob,
  openArchive,
  startTestPostgres,
  type TestPostgres,
} from '../../packages/archive/testing/postgres.ts';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Service, Stack, type StackOptions, until } from '../stack/stack.ts';
import { archived, compare, holdWrites, runJobs, writing } from './scenarios/archived.ts';
import { exceeded, type Stage } from './scenarios/scenario.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres?.close());

async function withStack(options: StackOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stack = await Stack.start(options);
  const probe = await JournalProbe.open(stack);
  try {
    await work({ stack, probe });
  } finally {
    await probe.close();
    await stack.close();
  }
}

const archiving = (more: NodeJS.ProcessEnv = {}) => ({ env: { ARCHIVE_URL: postgres.url, ...more } });

describe('jobs that end', () => {
  it('are in the archive once, although PostgreSQL is killed while it writes them', async () => {
    await withStack(archived.stack, async (stage) => {
      const { counts } = await archived.play(stage);
      expect(exceeded(archived, counts)).toEqual([]);
    });
  });

  it('are in it once, although the workers are killed while they write', async () => {
    await withStack({ ...archiving(), workers: 2 }, async (stage) => {
      const { stack } = stage;
      const held = await holdWrites(stage, postgres);
      const jobs = await runJobs(stack, 'killed', 20);
      await writing(postgres);
      await Promise.all(stack.running('worker').map((worker) => worker.end('SIGKILL')));
      await held.release();
      await stack.start('worker');
      expect(await compare(stage, postgres, jobs)).toEqual(archived.most);
    });
  });

  it('are in it as their newest run has ended, and no longer once they are deleted', async () => {
    await withStack(archiving(), async (stage) => {
      const { stack } = stage;
      const [failed, again, deleted] = await runJobs(stack, 'again', 9).then((all) =>
        all.filter(({ status }) => status === 'failed'),
      );
      if (!failed || !again || !deleted) throw new Error('three jobs must fail');
      const archive = openArchive(postgres, stack.prefix);
      await until('they are archived', () => getJob(archive, deleted.id));
      await stack.client.retry(again.id);
      const second = await stack.client.wait(again.id);
      expect(second.attempt).toBe(2);
      expect((await stack.fetch(`/v1/jobs/${deleted.id}`, { method: 'DELETE' })).status).toBe(200);
      await until('the new run is archived', async () => (await getJob(archive, again.id))?.job.attempt === 2);
      await until('it is forgotten', async () => (await getJob(archive, deleted.id)) === null);
      const metrics = await stack.first('worker').metrics();
      // Nine jobs, and one of them twice.
      expect(metrics).toMatch(/^holdfast_archive_written_total 10$/m);
      expect(metrics).toMatch(/^holdfast_archive_waiting_jobs 0$/m);
      expect(metrics).toMatch(/^holdfast_archive_lag_seconds 0$/m);
      const { output, output_text, ...summary } = second;
      expect((await getJob(archive, again.id))?.job).toEqual(summary);
      expect((await search(archive, {})).jobs).toHaveLength(8);
      await archive.close();
    });
  });

  it('outlive the retention of Redis, but not ARCHIVE_DAYS', async () => {
    const retention = { RETENTION_HOURS: String(3 / 3_600), ARCHIVE_DAYS: '400' };
    await withStack({ ...archiving(retention), workers: 0 }, async ({ stack, probe }) => {
      const archive = openArchive(postgres, stack.prefix);
      const finished_at = new Date(Date.now() - 401 * 86_400_000).toISOString();
      const old = endedJob('old', 0, { job: { finished_at } });
      await writeChanges(archive, '0', async () => ({ ended: [old, endedJob('young')], deleted: [] }));
      await stack.start('worker');
      const [job] = await runJobs(stack, 'kept', 1);
      await until('it has expired', async () => (await probe.journal.get(job?.id ?? '')) === null);
      expect((await getJob(archive, job?.id ?? ''))?.job).toMatchObject({ status: 'failed' });
      await until('the old one is gone', async () => (await getJob(archive, 'old')) === null);
      expect(await getJob(archive, 'young')).not.toBeNull();
      await archive.close();
    });
  });
});

describe('without PostgreSQL', () => {
  it('workers start and run jobs, say it once, and archive them when it is there; what expired before is told', async () => {
    await postgres.kill();
    await withStack(archiving({ RETENTION_HOURS: String(4 / 3_600) }), async ({ stack, probe }) => {
      const [worker] = stack.running('worker');
      const [expired] = await runJobs(stack, 'expired', 1);
      await worker?.saying('these jobs expired before they were archived');
      expect(expired?.status).toBe('failed');
      expect(worker?.log.split('the archive does not answer')).toHaveLength(2);
      expect(worker?.log.split('the archive can not be written').length).toBeLessThanOrEqual(2);
      await postgres.start();
      await until('a job is archived', async () => {
        await runJobs(stack, 'later', 1);
        return (await postgres.query('SELECT id FROM holdfast_jobs WHERE prefix = $1', [stack.prefix])).length > 0;
      });
      expect(await probe.journal.get(expired?.id ?? '')).toBeNull();
    });
  });
});

describe('without an archive', () => {
  it('nothing of it is in Redis', async () => {
    await withStack({}, async ({ stack, probe }) => {
      await runJobs(stack, 'none', 4);
      const { job } = await stack.client.submit(chat('none', 'tokens=1'));
      await stack.client.wait(job.id);
      expect((await stack.fetch(`/v1/jobs/${job.id}`, { method: 'DELETE' })).status).toBe(200);
      expect(await probe.redis.keys(`${probe.cell.keys.base}archiving*`)).toEqual([]);
    });
  });
});

describe('a worker', () => {
  const refusal = async (stack: Stack, url: string) => {
    const worker = new Service('worker', { ...stack.env, ARCHIVE_URL: url });
    await until('it ends', () => worker.ended);
    return { code: worker.child.exitCode, log: worker.log };
  };

  it('ends with 78 where PostgreSQL refuses it or has a newer schema, with what to do and without the password', async () => {
    await withStack({ ...archiving(), workers: 1 }, async ({ stack }) => {
      const wrong = new URL(postgres.url);
      wrong.password = 'not-this-one';
      const refused = await refusal(stack, wrong.href);
      expect(refused).toMatchObject({ code: 78, log: expect.stringContaining('refuses the user or the password') });
      expect(refused.log).not.toContain('not-this-one');
      await postgres.query(`INSERT INTO holdfast_migrations (version, name) VALUES (1000, 'later')`);
      const newer = await refusal(stack, postgres.url);
      expect(newer).toMatchObject({ code: 78, log: expect.stringContaining('this version of Holdfast knows 1') });
      await postgres.query('DELETE FROM holdfast_migrations WHERE version = 1000');
    });
  });
});
