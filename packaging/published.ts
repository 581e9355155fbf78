/**
 * What is published: three packages, made of the workspaces. Names, versions, exports and dependencies are the workspaces'
 * own (`manifest.ts` puts them together); here is only which workspace becomes which package.
 */
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');

export interface PublishedPackage {
  name: string;
  /** The workspace whose package.json, README and exports (or bin) the package has. */
  home: string;
  /** `library`: its files in `dist`, with types. `program`: the tree of the repository, so that stack traces name its files. */
  kind: 'library' | 'program';
  /** Files that a process or a thread is started with: nobody imports them. */
  entries: readonly string[];
  /** What is copied as it is, from the root. */
  assets: readonly string[];
  /** Exports that only other workspaces use. */
  internalExports: readonly string[];
  /** Libraries whose values the user's code hands to ours: the copy must be the user's, so they are peers. */
  peers: readonly string[];
}

const client: PublishedPackage = {
  name: '@holdfast/client',
  home: 'packages/client',
  kind: 'library',
  entries: [],
  assets: [],
  internalExports: ['./http'],
  peers: [],
};

const tasks: PublishedPackage = {
  name: '@holdfast/tasks',
  home: 'packages/tasks',
  kind: 'library',
  entries: [],
  assets: [],
  internalExports: ['./load'],
  peers: ['zod'],
};

const holdfast: PublishedPackage = {
  name: 'holdfast',
  home: 'apps/cli',
  kind: 'program',
  entries: [
    'apps/api/src/main.ts',
    'apps/cli/src/main.ts',
    'apps/console/src/main.ts',
    'apps/local/src/dev/look-main.ts',
    'apps/worker/src/main.ts',
    'apps/worker/src/healthcheck.ts',
    'apps/worker/src/event-loop/loop-watcher-thread.ts',
    'packages/simulator/src/main.ts',
    // The demo page loads it as files.
    'packages/client/src/index.ts',
    // Tasks find them in a directory where nothing is installed.
    'packages/tasks/src/index.ts',
    'packages/tasks/src/examples/index.ts',
  ],
  assets: ['apps/api/demo/public', 'apps/console/dist/web', 'apps/cli/holdfast.mjs', 'apps/cli/template'],
  internalExports: [],
  peers: [],
};

export const publishedPackages: readonly PublishedPackage[] = [client, tasks, holdfast];
