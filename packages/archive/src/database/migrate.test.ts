import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openArchive, startTestPostgres, type TestPostgres } from '../../testing/postgres.ts';
import type { ArchiveDatabase } from '../index.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres?.close());

/** Prepares the archive of a process that starts now. */
async function prepare(url = postgres.url): Promise<ArchiveDatabase> {
  const archive = openArchive({ url }, 'hf');
  try {
    await archive.prepare();
  } finally {
    await archive.close();
  }
  return archive;
}

const withUrl = (change: (url: URL) => void) => {
  const url = new URL(postgres.url);
  change(url);
  return url.href;
};
const steps = () => postgres.query('SELECT version FROM holdfast_migrations ORDER BY version');

describe('the schema', () => {
  it('is made once, also if many processes start together, and is found by those that start later', async () => {
    await Promise.all(Array.from({ length: 5 }, () => prepare()));
    expect(await steps()).toEqual([{ version: 1 }]);
    await prepare();
    expect(await steps()).toEqual([{ version: 1 }]);
  });

  it('needs no right to create once it is there', async () => {
    await postgres.query(`CREATE ROLE reader LOGIN PASSWORD 'r'`);
    await postgres.query('GRANT SELECT ON holdfast_migrations, holdfast_jobs TO reader');
    await prepare(withUrl((url) => Object.assign(url, { username: 'reader', password: 'r' })));
  });

  it('is made anew where its tables have gone while a process runs', async () => {
    const archive = openArchive(postgres, 'hf');
    await archive.prepare();
    await postgres.query('DROP TABLE holdfast_migrations, holdfast_jobs');
    const count = () =>
      archive.transaction({ statementTimeoutMs: 5_000 }, (transaction) =>
        transaction.query('SELECT id FROM holdfast_jobs'),
      );
    await expect(count()).rejects.toThrow('does not exist');
    expect(await count()).toEqual([]);
    await archive.close();
  });

  it('is refused where a newer version has made it, and stays as it is', async () => {
    await postgres.query(`INSERT INTO holdfast_migrations (version, name) VALUES (1000, 'later')`);
    await expect(prepare()).rejects.toMatchObject({
      name: 'MisconfigurationError',
      code: 'archive_schema_unknown',
      message: expect.stringMatching(/has schema 1000; this version of Holdfast knows 1\. Start the newer version/),
    });
    await postgres.query('DELETE FROM holdfast_migrations WHERE version = 1000');
    await prepare();
  });
});

describe('a database that can not be used', () => {
  it.each([
    [
      'a wrong password',
      () => withUrl((url) => Object.assign(url, { password: 'wrong' })),
      'refuses the user or the password',
    ],
    ['no such database', () => withUrl((url) => Object.assign(url, { pathname: '/none' })), 'no such database'],
  ])('is refused with what to do: %s', async (_, url, message) => {
    await expect(prepare(url())).rejects.toMatchObject({
      code: 'archive_refused',
      message: expect.stringContaining(message),
    });
  });

  it('is refused where the user may not create tables', async () => {
    await postgres.query('CREATE DATABASE locked');
    await postgres.query(`CREATE ROLE guest LOGIN PASSWORD 'g'`);
    const url = withUrl((one) => Object.assign(one, { username: 'guest', password: 'g', pathname: '/locked' }));
    await expect(prepare(url)).rejects.toMatchObject({
      code: 'archive_refused',
      message: expect.stringContaining('rights'),
    });
  });

  it('is refused in another encoding than UTF-8', async () => {
    await postgres.query(`CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0`);
    const url = withUrl((one) => Object.assign(one, { pathname: '/narrow' }));
    await expect(prepare(url)).rejects.toMatchObject({ code: 'archive_encoding' });
  });

  it('is no such thing while it is away: that may be over by itself', async () => {
    await postgres.kill();
    await expect(prepare()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await postgres.start();
    await prepare();
  });
});
