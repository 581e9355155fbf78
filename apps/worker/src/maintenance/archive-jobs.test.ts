import { type ArchiveDatabase, getContent, getJob, search } from '@holdfast/archive';
import { readTimeline } from '@holdfast/journal';
import { Metrics } from '@holdfast/service';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openArchive, startTestPostgres, type TestPostgres } from '../../../../packages/archive/testing/postgres.ts';
import { openTestWorker, silent, type TestWorker } from '../../testing/worker.ts';
import { ArchiveMetrics } from '../observe/archive-metrics.ts';
import { Archiver } from './archive-jobs.ts';

let postgres: TestPostgres;
let t: TestWorker;
let archive: ArchiveDatabase;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres?.close());
beforeEach(async () => {
  t = await openTestWorker();
  archive = openArchive(postgres, t.cell.prefix);
});
afterEach(async () => {
  await archive.close();
  await t.close();
});

/** An archiver whose turn it always is. */
function newArchiver({ withContent = false }: { withContent?: boolean } = {}) {
  const said: string[] = [];
  const say = (_: object, message: string) => void said.push(message);
  const logger = { ...silent, info: say, warn: say, error: say };
  const registry = new Metrics();
  const observer = new ArchiveMetrics(registry);
  const archiver = new Archiver({
    journal: t.journal,
    scheduler: { isMyTurn: async () => true },
    archive: { database: archive, withContent, keepMs: 86_400_000 },
    logger,
    observer,
  });
  observer.watch(() => archiver.backlog());
  return { said, archiver, metrics: () => registry.text().then(readArchiveMetrics) };
}

/** What Prometheus gets, by names without `holdfast_archive_`. */
function readArchiveMetrics(text: string): Record<string, number> {
  const lines = [...text.matchAll(/^holdfast_archive_(\w+) (\S+)$/gm)];
  return Object.fromEntries(lines.map(([, name = '', value]): [string, number] => [name, Number(value)]));
}

/** Jobs that have ended since an archive is wanted. */
async function endedJobs(archiver: Archiver, count: number): Promise<string[]> {
  await archiver.want();
  const ids = await Promise.all(Array.from({ length: count }, () => t.submit('answer')));
  await Promise.all(ids.map((id) => t.journal.cancel(id)));
  return ids;
}

const outbox = () => t.redis.zrange(t.cell.keys.archiving, '0', '-1');

describe('the archiver', () => {
  it('archives all that wait, batch after batch, as the journal has them', async () => {
    const { archiver, metrics } = newArchiver();
    const ids = await endedJobs(archiver, 450);
    const before = await metrics();
    expect(before).toMatchObject({ waiting_jobs: 450, written_total: 0, failures_total: 0 });
    expect(before.lag_seconds).toBeGreaterThan(0);
    await archiver.turn();
    expect(await outbox()).toEqual([]);
    const { jobs } = await search(archive, {}, { limit: 1_000 });
    expect(new Set(jobs.map(({ job }) => job.id))).toEqual(new Set(ids));
    const [id = ''] = ids;
    expect(await getJob(archive, id)).toMatchObject(await t.journal.getSummaries([id]).then(([job]) => job ?? {}));
    expect(await metrics()).toEqual({ waiting_jobs: 0, lag_seconds: 0, written_total: 450, failures_total: 0 });
  });

  it('archives attempts and calls, and prompts and answers only where that was asked for', async () => {
    const { archiver } = newArchiver();
    await archiver.want();
    const id = await t.submit('answer');
    await t.run(id);
    await archiver.turn();
    const timeline = await readTimeline(t.journal, id);
    expect(timeline?.calls).toHaveLength(1);
    expect((await getJob(archive, id))?.timeline).toEqual(timeline);
    expect(await getContent(archive, id)).toEqual({ request: null, output: null });
    const next = await t.submit('answer');
    await t.run(next);
    await newArchiver({ withContent: true }).archiver.turn();
    const { request, output } = (await getContent(archive, next)) ?? {};
    expect(JSON.parse(request ?? '')).toEqual(JSON.parse((await t.journal.requestText(next)) ?? ''));
    expect(JSON.parse(output ?? '')).toEqual((await t.job(next)).output);
  });

  it('archives large contents in batches that fit into memory', async () => {
    const { archiver } = newArchiver({ withContent: true });
    await archiver.want();
    const input = { model: 'sim', mode: 'answer', text: 'x'.repeat(6_000_000) };
    const ids = await Promise.all(Array.from({ length: 4 }, () => t.submit('answer', { input })));
    for (const id of ids) await t.journal.cancel(id);
    expect(await archiver.round()).toBe(true);
    expect(await outbox()).toHaveLength(1);
    expect(await archiver.round()).toBe(false);
    expect((await search(archive, {})).jobs).toHaveLength(4);
  });

  it('is done with a job that runs again, or is gone', async () => {
    const { archiver } = newArchiver();
    const [again = '', gone = ''] = await endedJobs(archiver, 2);
    await t.journal.retry({ id: again, task: 'chat.completions', lane: 'default' }, { limits: {}, estimateUsd: null });
    await t.journal.delete(gone);
    await archiver.turn();
    expect([await outbox(), (await search(archive, {})).jobs]).toEqual([[], []]);
    await t.journal.cancel(again);
    await archiver.turn();
    expect((await getJob(archive, again))?.job.status).toBe('cancelled');
  });

  it('lets jobs wait while PostgreSQL is away, and says once that it is, and once that it is back', async () => {
    const { archiver, said, metrics } = newArchiver();
    const [id = ''] = await endedJobs(archiver, 1);
    await postgres.kill();
    await archiver.turn();
    // At once again: it waits after a failure.
    await archiver.turn();
    expect(await outbox()).toEqual([id]);
    expect(await metrics()).toMatchObject({ waiting_jobs: 1, written_total: 0, failures_total: 1 });
    await postgres.start();
    while ((await outbox()).length > 0) await archiver.turn();
    expect(said).toEqual([
      'the archive can not be written; ended jobs wait in Redis until they expire',
      'the archive is written again',
    ]);
    expect(await getJob(archive, id)).not.toBeNull();
  });

  it('says which job PostgreSQL refuses, and goes on with the others', async () => {
    const { archiver, said } = newArchiver();
    const [bad = '', good = ''] = await endedJobs(archiver, 2);
    await t.redis.hset(t.journal.keysOf(bad).record, 'provider_calls', String(2 ** 40));
    await archiver.turn();
    expect(said).toEqual(['PostgreSQL refuses this job: the archive lacks it']);
    expect([await outbox(), await getJob(archive, bad)]).toEqual([[], null]);
    expect(await getJob(archive, good)).not.toBeNull();
  });
});
