import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makeDirectory, removeDirectories, writeScript } from '../../testing/processes.ts';
import { findRedis } from './find-redis.ts';

afterEach(removeDirectories);

/** A PATH with only these programs, each of which prints the given text. */
function machineWith(programs: Record<string, string>) {
  const bin = makeDirectory();
  for (const [name, script] of Object.entries(programs)) writeScript(join(bin, name), `#!/bin/sh\n${script}\n`, 0o755);
  const said: string[] = [];
  const search = () => findRedis({ env: { PATH: bin }, cacheDir: join(bin, 'cache'), log: (line) => said.push(line) });
  return { bin, said, search };
}

const redis = (version: string) => `echo "Redis server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"`;
const valkey = (version: string) => `echo "Valkey server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"`;

/** An apt that has only redis-server, and a dpkg-deb that unpacks it. */
const apt = {
  'apt-get': `case "$*" in
    "-s install --no-install-recommends redis-server") echo "Inst libjemalloc2 (5.3.0)";;
    "download redis-server redis-tools libjemalloc2") for name in redis-server redis-tools libjemalloc2; do echo > "$name.deb"; done;;
    *) echo "E: no lists" >&2; exit 100;;
  esac`,
  'dpkg-deb': `case "$2" in
    *redis-server.deb) /bin/mkdir -p "$3/usr/bin" "$3/usr/lib/x86"; printf '#!/bin/sh\\n${redis('7.0.15').replaceAll('"', '\\"')}\\n' > "$3/usr/bin/redis-server"; /bin/chmod +x "$3/usr/bin/redis-server";;
  esac`,
};

describe('findRedis', () => {
  it('takes redis-server from the PATH', async () => {
    const { bin, search } = machineWith({ 'redis-server': redis('7.0.15'), 'valkey-server': valkey('8.1.0') });
    expect(await search()).toEqual({
      kind: 'program',
      path: join(bin, 'redis-server'),
      version: '7.0.15',
      libraries: [],
    });
  });

  it('takes valkey-server where Redis is missing, too old, or does not run', async () => {
    for (const old of [{}, { 'redis-server': redis('6.2.14') }, { 'redis-server': 'exit 127' }]) {
      const { bin, search } = machineWith({ ...old, 'valkey-server': valkey('8.1.0') });
      expect(await search()).toMatchObject({ path: join(bin, 'valkey-server'), version: '8.1.0' });
    }
  });

  it('takes 7.0, and 10.0', async () => {
    for (const version of ['7.0.0', '10.0.1']) {
      expect(await machineWith({ 'redis-server': redis(version) }).search()).toMatchObject({ version });
    }
  });

  it('unpacks the package of Debian and Ubuntu, once', async () => {
    const { bin, said, search } = machineWith(apt);
    const found = {
      kind: 'program',
      path: join(bin, 'cache/redis/usr/bin/redis-server'),
      version: '7.0.15',
      libraries: [join(bin, 'cache/redis/usr/lib/x86')],
    };
    expect(await search()).toEqual(found);
    expect(await search()).toEqual(found);
    expect(said).toHaveLength(1);
  });

  it('makes separate package lists where the machine has none', async () => {
    const { bin, search } = machineWith({
      ...apt,
      'apt-get': `case "$*" in
        *Dir::State::Lists=*update) echo > ${'"$0.renewed"'};;
        *Dir::State::Lists=*-s*redis-server) [ -f "$0.renewed" ];;
        *Dir::State::Lists=*download*) echo > redis-server.deb;;
        *) exit 100;;
      esac`,
    });
    expect(await search()).toMatchObject({ path: join(bin, 'cache/redis/usr/bin/redis-server') });
  });

  it('takes Docker when its engine answers, and not otherwise', async () => {
    const { bin, search } = machineWith({ docker: 'echo 28.2.2' });
    expect(await search()).toEqual({ kind: 'docker', path: join(bin, 'docker'), image: 'redis:7' });
    await expect(machineWith({ docker: 'exit 1' }).search()).rejects.toThrow('found none');
  });

  it('names what it refused, and the command to install Redis, when it finds none', async () => {
    const { search } = machineWith({
      'redis-server': redis('5.0.14'),
      'apt-get': 'echo "E: no network" >&2; exit 100',
      'dpkg-deb': '',
    });
    const failure = search().catch((error: Error) => error.message);
    expect(await failure).toContain('redis-server is 5.0.14, older than 7.0');
    expect(await failure).toContain('E: no network');
    expect(await failure).toMatch(/Run `(sudo apt-get install redis-server|brew install redis)`/);
  });
});
