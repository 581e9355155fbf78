import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makeDirectory, removeDirectories, writeScript } from '../../testing/processes.ts';
import { findPostgres } from './find-postgres.ts';

afterEach(removeDirectories);

/** A directory with a PostgreSQL of this version. */
function binOf(version: string, bin = makeDirectory()): string {
  writeScript(join(bin, 'postgres'), `#!/bin/sh\necho "postgres (PostgreSQL) ${version}"\n`, 0o755);
  writeScript(join(bin, 'initdb'), '#!/bin/sh\n', 0o755);
  return bin;
}

describe('findPostgres', () => {
  it('takes the first on the PATH that is new enough', async () => {
    const [old, broken, fine] = [binOf('12.9'), binOf('nothing'), binOf('17.2 (Debian 17.2-1)')];
    const found = await findPostgres({ PATH: [makeDirectory(), old, broken, fine].join(':') });
    expect(found).toEqual({ postgres: join(fine, 'postgres'), initdb: join(fine, 'initdb'), version: '17.2' });
    expect(await findPostgres({ PATH: binOf('13.0') })).toMatchObject({ version: '13.0' });
  });

  it('takes the newest of the packages of the system where none is on the PATH', async () => {
    for (const folder of ['lib/postgresql/9', 'lib/postgresql/16', 'lib/postgresql/15', 'pgsql-17']) {
      const usr = makeDirectory();
      for (const one of ['lib/postgresql/15', folder]) binOf('16.1', join(usr, one, 'bin'));
      const newest = folder === 'lib/postgresql/16' ? folder : 'lib/postgresql/15';
      expect((await findPostgres({ PATH: makeDirectory() }, usr)).postgres).toBe(join(usr, newest, 'bin/postgres'));
    }
    const usr = makeDirectory();
    binOf('17.0', join(usr, 'pgsql-17/bin'));
    expect((await findPostgres({ PATH: '' }, usr)).version).toBe('17.0');
  });

  it('names what it refused, and the command to install PostgreSQL, when it finds none', async () => {
    const bin = binOf('12.9');
    writeScript(join(bin, 'apt-get'), '#!/bin/sh\n', 0o755);
    const error = await findPostgres({ PATH: bin }, makeDirectory()).catch((thrown: Error) => thrown.message);
    expect(error).toBe(
      [
        'The archive needs PostgreSQL, 13 or later, and none was found.',
        `  (${bin}/postgres is 12.9, older than 13)`,
        'Run `sudo apt-get install postgresql`, or set ARCHIVE_URL to one that runs elsewhere.',
      ].join('\n'),
    );
  });

  it('does not take a postgres without its initdb', async () => {
    const bin = makeDirectory();
    writeScript(join(bin, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 17.1"\n', 0o755);
    await expect(findPostgres({ PATH: bin }, makeDirectory())).rejects.toThrow('none was found');
  });
});
