/** The rules of the house: who may import whom, where each library is at home, no cycles, no undeclared dependency. */
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findImportCycles } from './find-cycles.ts';
import { packageOf, readWorkspaces, type SourceFile, type Workspace } from './workspaces.ts';

/** What each workspace may import of ours. What isn't here isn't allowed. */
const mayImport: Record<string, string[]> = {
  'packages/core': [],
  'packages/admin': ['core'],
  'packages/redis': ['core'],
  'packages/service': ['core'],
  'packages/archive': ['core'],
  'packages/cell': ['core', 'redis'],
  'packages/journal': ['cell', 'core', 'redis'],
  'packages/queue': ['cell', 'core', 'redis'],
  'packages/gate': ['cell', 'core', 'redis'],
  'packages/jobs': ['core', 'gate', 'journal', 'queue', 'redis', 'tasks'],
  'packages/history': ['core', 'redis'],
  'packages/alerts': ['core', 'redis'],
  'packages/providers': ['core'],
  'packages/tasks': ['core'],
  'packages/client': ['core'],
  'packages/simulator': [],
  'apps/api': ['cell', 'client', 'core', 'gate', 'history', 'jobs', 'journal', 'queue', 'redis', 'service', 'tasks'],
  'apps/worker': [
    'archive',
    'cell',
    'core',
    'gate',
    'history',
    'journal',
    'providers',
    'queue',
    'redis',
    'service',
    'tasks',
  ],
  'apps/console/web': ['admin', 'core'],
  'apps/console': [
    'admin',
    'alerts',
    'archive',
    'cell',
    'core',
    'gate',
    'history',
    'jobs',
    'journal',
    'queue',
    'redis',
    'service',
    'tasks',
  ],
  'apps/local': ['core', 'service', 'tasks'],
  'apps/cli': ['admin', 'client', 'core', 'local', 'service'],
};

/** The only places that import a library. A library that isn't here has no home yet: give it one. */
const homeOf: Record<string, string[]> = {
  '@bull-board/api': ['apps/console'],
  '@bull-board/express': ['apps/console'],
  '@opentelemetry/api': ['packages/service'],
  '@opentelemetry/exporter-trace-otlp-http': ['packages/service'],
  '@opentelemetry/resources': ['packages/service'],
  '@opentelemetry/sdk-trace': ['packages/service'],
  '@tanstack/react-query': ['apps/console/web'],
  '@tanstack/react-router': ['apps/console/web'],
  bullmq: ['packages/queue'],
  commander: ['apps/cli'],
  diff: ['apps/console/web'],
  express: ['packages/service'],
  helmet: ['packages/service'],
  ioredis: ['packages/redis'],
  openai: ['packages/providers'],
  'openid-client': ['apps/console'],
  'eventsource-parser': ['packages/providers'],
  pg: ['packages/archive'],
  pino: ['packages/service'],
  'prom-client': ['packages/service'],
  react: ['apps/console/web'],
  'react-dom': ['apps/console/web'],
  standardwebhooks: ['packages/alerts'],
  'swagger-ui-express': ['apps/api'],
  uplot: ['apps/console/web'],
  zod: [
    'packages/admin',
    'packages/core',
    'packages/service',
    'packages/tasks',
    'apps/api',
    'apps/cli',
    'apps/console',
    'apps/local',
    'apps/worker',
  ],
  'zod-openapi': ['apps/api', 'apps/console'],
};

/** Takes a variable from `process.env`; handing `process.env` on whole doesn't count. */
const readsEnv = ({ members }: SourceFile) => members.some((member) => member.startsWith('process.env.'));

const workspaces = readWorkspaces();
const filesOf = (workspace: Workspace) => workspace.files.map((file): [string, SourceFile] => [workspace.path, file]);
const allFiles = workspaces.flatMap(filesOf);

/** `what` for each import for which `isWrong`, as `file → specifier`. */
function wrongImports(isWrong: (workspace: string, specifier: string, typeOnly: boolean) => boolean): string[] {
  return allFiles.flatMap(([workspace, file]) =>
    file.imports
      .filter(({ specifier, typeOnly }) => isWrong(workspace, specifier, typeOnly))
      .map(({ specifier }) => `${file.path} → ${specifier}`),
  );
}

describe('workspaces', () => {
  it('are all known here', () => {
    expect(workspaces.map(({ path }) => path).sort()).toEqual(Object.keys(mayImport).sort());
    expect(allFiles.length).toBeGreaterThan(100);
  });

  it('import one another in the allowed directions only', () => {
    const ours = (specifier: string) => /^@holdfast\/([^/]+)/.exec(specifier)?.[1];
    expect(
      wrongImports((workspace, specifier) => {
        const target = ours(specifier);
        return target !== undefined && !mayImport[workspace]?.includes(target);
      }),
    ).toEqual([]);
  });

  it('declare what they import, and nothing else', () => {
    const wrong = workspaces.flatMap(({ path, dependencies, files }) => {
      const imported = new Set(files.flatMap((file) => file.imports.map(({ specifier }) => packageOf(specifier))));
      // A page's address, not a package: the browser loads the client from there.
      imported.delete(null);
      const undeclared = [...imported].filter((name) => name !== null && !(name in dependencies));
      const unused = Object.keys(dependencies).filter((name) => !imported.has(name) && !isServed(path, name));
      return [
        ...undeclared.map((name) => `${path} lacks ${name}`),
        ...unused.map((name) => `${path} doesn't use ${name}`),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('pin every dependency exactly', () => {
    const loose = workspaces.flatMap(({ path, dependencies }) =>
      Object.entries(dependencies)
        .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
        .map(([name]) => `${path}: ${name}`),
    );
    expect(loose).toEqual([]);
  });
});

/** The API serves the client package to the demo page as files. */
function isServed(workspace: string, name: string): boolean {
  return workspace === 'apps/api' && name === '@holdfast/client';
}

describe('libraries', () => {
  it('are imported at home only', () => {
    expect(
      wrongImports((workspace, specifier) => {
        const name = packageOf(specifier);
        return name !== null && !name.startsWith('@holdfast/') && !homeOf[name]?.includes(workspace);
      }),
    ).toEqual([]);
  });
});

describe('source files', () => {
  it('import no file of another workspace by its path', () => {
    const outside = allFiles.flatMap(([workspace, file]) =>
      file.imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => normalize(join(dirname(file.path), specifier)))
        .filter((target) => !target.startsWith(`${workspace}/`))
        .map((target) => `${file.path} → ${target}`),
    );
    expect(outside).toEqual([]);
  });

  it('form no cycle, not even by their types', () => {
    const files = allFiles.map(([, file]) => file);
    expect(findImportCycles(files, { withTypes: true })).toEqual([]);
  });

  it('of the client use core for its types only, so that browsers load it as it is', () => {
    expect(
      wrongImports(
        (workspace, specifier, typeOnly) => workspace === 'packages/client' && !specifier.startsWith('.') && !typeOnly,
      ),
    ).toEqual([]);
  });

  it('read the environment in one config.ts per app', () => {
    const readers = allFiles.filter(([, file]) => readsEnv(file) && !file.path.endsWith('/src/config.ts'));
    expect(readers.map(([, file]) => file.path)).toEqual([]);
  });

  it('give each property its line, and pack none into a spread of a literal', () => {
    const packing = allFiles.filter(([, file]) => /^\s*\.\.\.\{ [^\n]* \},$/m.test(file.source));
    expect(packing.map(([, file]) => file.path)).toEqual([]);
  });

  it('of core touch nothing outside themselves', () => {
    expect(
      wrongImports(
        (workspace, specifier) => workspace === 'packages/core' && !/^(\.|zod$|node:crypto$)/.test(specifier),
      ),
    ).toEqual([]);
  });
});
