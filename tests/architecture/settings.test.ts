/** One list of settings: what each app reads, what docs/reference/environment.md shows, and what docker-compose.yml hands on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { holdfastSettings } from '../../packages/service/src/config/unknown-settings.ts';
import { firstNamesUnder, namesIn, rowsUnder } from '../docs/tables.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const unique = (names: Iterable<string>) => [...new Set(names)].sort();

/** Variables that several apps share, by the name under which their config.ts spreads them. */
const shared: Readonly<Record<string, string>> = {
  metricsVariables: 'packages/service/src/config/metrics-settings.ts',
  tracingVariables: 'packages/service/src/tracing/tracing-config.ts',
};

/** An app's config.ts, with the variables that it shares with others. */
function configOf(app: string): string {
  const own = read(`apps/${app}/src/config.ts`);
  return own.replace(/^ +\.\.\.(\w+Variables),$/gm, (_, name: string) => {
    const variables = new RegExp(`${name} = \\{\\n([^}]*)\\}`).exec(read(shared[name] ?? ''))?.[1];
    if (variables === undefined) throw new Error(`${name} of ${app} is not found`);
    return variables.trimEnd();
  });
}

/** Names of the settings that an app's config.ts has in its shape. */
function settingsOf(app: string): string[] {
  const lines = configOf(app).matchAll(/^ +([A-Z][A-Z_]+): (?:z\b|setting\.|\w*[Uu]rl\b|key\b)/gm);
  return unique([...lines].map(([, name = '']) => name));
}

/** Those that are read by the name that a lane gives (`api_key_env`), here by the default lane's. */
const readByLane = 'OPENAI_API_KEY';

/** What an app's config.ts says of a setting's default, as far as a line says it. */
function defaultsOf(app: string): [name: string, value: string][] {
  const lines = configOf(app).matchAll(
    /^ +([A-Z][A-Z_]+): .*?(?:setting\.(?:port|count|hours)\(([\d_]+)|\.default\(['"]?([^'")]+))/gm,
  );
  return [...lines].map(([, name = '', shared, own]) => [name, shared?.replaceAll('_', '') ?? own ?? '']);
}

const page = read('docs/reference/environment.md');
const rows = rowsUnder(page, 'Settings');

const settingsInDocs = () => unique(firstNamesUnder(page, 'Settings'));

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
const apps = [...services, 'local'];
/** What docs/reference/environment.md calls them. */
const readers: Readonly<Record<string, string>> = { api: 'API', worker: 'worker', console: 'console', local: 'start' };

/** Settings of docker-compose.yml itself. */
function variablesOfCompose(): string[] {
  const names = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
  return unique(names).filter((name) => !settingsInDocs().includes(name));
}

/** Node's own. */
const notOurs = ['NODE_EXTRA_CA_CERTS'];

/** What looks like the name of a setting in the pages for users, with the page. */
function settingsNamedInDocs(): { page: string; name: string }[] {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...pages.filter((path) => /^[\w/-]+\.md$/.test(path)).map((path) => `docs/${path}`)]
    .filter((path) => !/^docs\/(?:decisions|bench)\//.test(path))
    .flatMap((path) =>
      namesIn(read(path).replace(/^```[\s\S]*?^```/gm, ''))
        .flatMap((code) => /^[A-Z][A-Z]+(?:_[A-Z]+)+(?==|$)/.exec(code)?.[0] ?? [])
        .map((name) => ({ page: path, name })),
    );
}

describe('settings', () => {
  it('are found by this test', () => {
    expect(settingsOf('worker')).toContain('WORKER_CONCURRENCY');
    expect(settingsInDocs()).toContain('HOLDFAST_PREFIX');
    expect(settingsInCompose('console')).toEqual(expect.arrayContaining(['REDIS_URL', 'HOLDFAST_ADMIN_KEY']));
    expect(variablesOfCompose()).toContain('STOP_GRACE');
    expect(settingsNamedInDocs().length).toBeGreaterThan(30);
  });

  it('that a process reads are those that docs/reference/environment.md shows', () => {
    expect(settingsInDocs()).toEqual(unique(apps.flatMap(settingsOf)));
  });

  it('have in docs/reference/environment.md who reads them', () => {
    const shown = rows.map(([name, , by = '']) => [namesIn(name)[0], by]);
    const wanted = rows.map(([name]) => {
      const [setting = ''] = namesIn(name);
      const by = apps.filter(
        (app) => settingsOf(app).includes(setting) || (app === 'worker' && setting === readByLane),
      );
      return [setting, by.length === apps.length ? 'all' : by.map((app) => readers[app]).join(', ')];
    });
    expect(shown).toEqual(wanted);
  });

  it('have in docs/reference/environment.md the default that the code gives them', () => {
    const shown = Object.fromEntries(rows.map(([name, value = '']) => [namesIn(name)[0], value.replaceAll('`', '')]));
    const given = apps.flatMap(defaultsOf);
    expect(given.length).toBeGreaterThan(15);
    expect(given.filter(([name, value]) => shown[name] !== value)).toEqual([]);
  });

  it.each(services)('that %s reads are all handed to it by docker-compose.yml, and no others', (service) => {
    const wanted = service === 'worker' ? unique([...settingsOf(service), readByLane]) : settingsOf(service);
    // A worker listens nowhere; it is given what all are given.
    expect(settingsInCompose(service).filter((name) => service !== 'worker' || name !== 'HOST')).toEqual(
      expect.arrayContaining(wanted),
    );
    const unread = settingsInCompose(service).filter((name) => !wanted.includes(name));
    expect(unread.filter((name) => !['HOST', 'DURABILITY', 'RETENTION_HOURS'].includes(name))).toEqual([]);
  });

  it('of docker-compose.yml itself are in docs/reference/environment.md', () => {
    expect(firstNamesUnder(page, 'Of docker-compose.yml').sort()).toEqual(variablesOfCompose());
  });

  it('that begin with HOLDFAST_ are known where unknown ones are warned of', () => {
    const all = unique([...apps, 'cli'].flatMap(settingsOf));
    expect(all.filter((name) => name.startsWith('HOLDFAST_'))).toEqual(unique(holdfastSettings));
  });

  it('that the documents name are there', () => {
    const known = new Set([...settingsInDocs(), ...settingsOf('cli'), ...variablesOfCompose(), ...notOurs]);
    expect(settingsNamedInDocs().filter(({ name }) => !known.has(name))).toEqual([]);
  });
});
