/** What the project's own pages and forms say can be done: scripts are there, paths are there, the workflow is pinned. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pagePaths, readText, root, userPages } from './pages.ts';
import { namesIn } from './tables.ts';

const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };

/** npm's scripts that a text names. `start` and `test` need no `run`. */
const scriptsIn = (text: string) =>
  [...text.matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g)].map(([, named, short]) => named ?? short);

describe('the pages', () => {
  it.each(pagePaths().filter((path) => !/^(?:bench|docs\/(?:bench|decisions))\//.test(path)))(
    'of %s name npm scripts that there are',
    (path) => {
      expect(scriptsIn(readText(path)).filter((name) => name === undefined || !(name in scripts))).toEqual([]);
    },
  );

  it.each(['CONTRIBUTING.md', 'SECURITY.md', 'SUPPORT.md', ...userPages().filter((path) => path.startsWith('docs/'))])(
    'of %s name files that there are',
    (path) => {
      const named = namesIn(readText(path).replace(/^```[\s\S]*?^```/gm, '')).filter((name) =>
        /^(?:apps|packages|tests|bench|docs|deploy)\/[\w./-]+$/.test(name),
      );
      // Where a reader's own files go, and what a build makes.
      const made = /^packages\/tasks\/src\/own\/|\/dist\//;
      expect(named.filter((name) => !made.test(name) && !existsSync(join(root, name)))).toEqual([]);
    },
  );
});

describe('.github', () => {
  const workflows = readdirSync(join(root, '.github/workflows'));

  it('has a workflow that runs what CI runs', () => {
    expect(workflows.map((name) => readText(`.github/workflows/${name}`)).join('')).toMatch(/^ +- run: \.ci\/run$/m);
  });

  it.each(workflows)('pins every action of %s to a version', (name) => {
    const uses = [...readText(`.github/workflows/${name}`).matchAll(/uses: (\S+)/g)].map(([, action = '']) => action);
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((action) => !/@(?:v\d+\.\d+\.\d+|[0-9a-f]{40})$/.test(action))).toEqual([]);
  });

  it('has forms whose fields have ids of their own', () => {
    for (const name of readdirSync(join(root, '.github/ISSUE_TEMPLATE'))) {
      const text = readFileSync(join(root, '.github/ISSUE_TEMPLATE', name), 'utf8');
      const ids = [...text.matchAll(/^ {4}id: (\w+)$/gm)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});
