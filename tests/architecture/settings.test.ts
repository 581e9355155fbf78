/** One list of settings: what each app reads, what the reference shows, and what docker-compose.yml hands on. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { holdfastSettings } from '../../packages/service/src/config/unknown-settings.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const unique = (names: Iterable<string>) => [...new Set(names)].sort();

/** Names of the settings that an app's config.ts has in its shape. */
function settingsOf(app: string): string[] {
  const lines = read(`apps/${app}/src/config.ts`).matchAll(/^ +([A-Z][A-Z_]+): (?:z\b|setting\.|\w*[Uu]rl\b|key\b)/gm);
  return unique([...lines].map(([, name = '']) => name));
}

/** Names in the first column of the reference's tables of settings. */
function settingsInReference(): string[] {
  const tables = read('docs/reference/environment.md').matchAll(/\n\| variable .*\n\|[- |]+\n((?:\|.*\n)+)/gi);
  const rows = [...tables].flatMap(([, table = '']) => table.split('\n'));
  const cells = rows.map((row) => row.split('|')[1] ?? '');
  return unique(cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name)));
}

/** Names that docker-compose.yml gives a service, those of the environment that all share included. */
function settingsInCompose(service: string): string[] {
  const text = read('docker-compose.yml');
  const shared = /^x-environment:.*\n((?: {2}.*\n)+)/m.exec(text)?.[1] ?? '';
  const block = new RegExp(`^ {2}${service}:\\n((?: {3,}.*\\n|\\n)+)`, 'm').exec(text)?.[1] ?? '';
  const own = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(block)?.[1] ?? '';
  const given = own.includes('<<: *environment') ? shared + own : own;
  return unique([...given.matchAll(/^ +([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name));
}

const services = ['api', 'worker', 'console'];
/** Of `npm start` and of the command: not of a service. */
const ownOf = { local: ['LOG'], cli: ['HOLDFAST_URL', 'HOLDFAST_API_KEY', 'HOLDFAST_CONSOLE_URL'] };

describe('settings', () => {
  it('are found by this test', () => {
    expect(settingsOf('worker')).toContain('WORKER_CONCURRENCY');
    expect(settingsInReference()).toContain('HOLDFAST_PREFIX');
    expect(settingsInCompose('console')).toEqual(expect.arrayContaining(['REDIS_URL', 'HOLDFAST_ADMIN_KEY']));
  });

  it('that a service reads are all in the reference', () => {
    const wanted = unique([...services, 'local'].flatMap(settingsOf)).filter((name) => !ownOf.local.includes(name));
    expect(wanted.filter((name) => !settingsInReference().includes(name))).toEqual([]);
  });

  it.each(services)('that %s reads are all handed to it by docker-compose.yml, and no others', (service) => {
    // Read by the name that a lane gives (`api_key_env`).
    const wanted = service === 'worker' ? unique([...settingsOf(service), 'OPENAI_API_KEY']) : settingsOf(service);
    // A worker listens nowhere; it is given what all are given.
    expect(settingsInCompose(service).filter((name) => service !== 'worker' || name !== 'HOST')).toEqual(
      expect.arrayContaining(wanted),
    );
    const unread = settingsInCompose(service).filter((name) => !wanted.includes(name));
    expect(unread.filter((name) => !['HOST', 'DURABILITY', 'RETENTION_HOURS'].includes(name))).toEqual([]);
  });

  it('that the reference shows are all read by something', () => {
    const read = new Set([...services, 'local', 'cli'].flatMap(settingsOf));
    expect(settingsInReference().filter((name) => !read.has(name))).toEqual([]);
  });

  it('that begin with HOLDFAST_ are known where unknown ones are warned of', () => {
    const all = unique([...services, 'local', 'cli'].flatMap(settingsOf));
    expect(all.filter((name) => name.startsWith('HOLDFAST_'))).toEqual(unique(holdfastSettings));
  });
});
