import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { getJob, writeChanges } from '../../../../packages/archive/src/index.ts';
import { endedJob, openArchive } from '../../../../packages/archive/testing/postgres.ts';
import { isAlive, makeDirectory, removeDirectories } from '../../testing/processes.ts';
import { claimHome } from '../process/program-home.ts';
import { findPostgres } from './find-postgres.ts';
import { launchPostgres, type StartedPostgres, startPostgres } from './start-postgres.ts';

const started: StartedPostgres[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((postgres) => postgres.stop()));
  removeDirectories();
});

async function start(dataDir: string): Promise<StartedPostgres> {
  const postgres = await startPostgres({ dataDir, env: process.env });
  started.push(postgres);
  return postgres;
}

describe('startPostgres', () => {
  it('keeps its data and its password, which nobody else can read', async () => {
    const dataDir = makeDirectory();
    const first = await start(dataDir);
    const archive = openArchive(first, 'hf');
    await writeChanges(archive, '0', async () => ({ ended: [endedJob('a')], deleted: [] }));
    await archive.close();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const again = openArchive(await start(dataDir), 'hf');
    expect((await getJob(again, 'a'))?.tenant).toBe('acme');
    await again.close();
    const modes = ['', '/password', '/data'].map((path) => statSync(join(dataDir, `postgres${path}`)).mode & 0o077);
    expect(modes).toEqual([0, 0, 0]);
    expect(new URL(first.url)).toMatchObject({ hostname: '127.0.0.1', username: 'holdfast' });
    expect(first.url).toContain(readFileSync(join(dataDir, 'postgres/password'), 'utf8'));
  });

  it('begins anew where making the database was interrupted', async () => {
    const dataDir = makeDirectory();
    mkdirSync(join(dataDir, 'postgres/data.new'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres/data.new/PG_VERSION'), 'half');
    const archive = openArchive(await start(dataDir), 'hf');
    await archive.prepare();
    await archive.close();
  });

  it('refuses a directory that is in use', async () => {
    const dataDir = makeDirectory();
    await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`in use by another Holdfast (pid ${process.pid})`);
  });

  it('shows what PostgreSQL says where it does not start', async () => {
    const dataDir = makeDirectory();
    await (await start(dataDir)).stop();
    writeFileSync(join(dataDir, 'postgres/data/PG_VERSION'), '9.6\n');
    await expect(start(dataDir)).rejects.toThrow(/PostgreSQL ended at once \(exit code 1\)[\s\S]*incompatible/);
  });

  it('says what to do where no database can be made', async () => {
    const found = { ...(await findPostgres(process.env)), initdb: '/bin/false' };
    const home = await claimHome(makeDirectory(), 'postgres');
    const launching = launchPostgres({ found, home, port: 1, env: process.env, onLine: () => undefined });
    await expect(launching).rejects.toThrow(/No database can be made in .*Set HOLDFAST_DATA_DIR to another directory/);
    home.release();
  });
});
