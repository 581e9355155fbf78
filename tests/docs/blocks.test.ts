/** Code blocks that aren't commands: each has a language, JSON is JSON, a config file is one, what isn't run says why. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, readConfigFile } from '@holdfast/service';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Block } from './markdown.ts';
import { pagePaths, readPage, readText, root, userPages } from './pages.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Languages that the tests can check or run; a block in another one says why it isn't run. */
const checked = new Set(['sh', 'json', 'ts', 'text', 'mermaid']);
const known = new Set(['not run', 'output', 'exit code', 'file', 'given', 'in']);
/** What a reason begins with: what no test can have, or the test that runs it. */
const reasons =
  /^(?:needs (?:Docker|Kubernetes|systemd|a proxy|a provider key|a browser|a model server)\b|tests\/\S+ (?:runs|does) )/;

const blocksOf = (path: string) => readPage(path).blocks.map((block) => ({ at: `${path}:${block.line}`, block }));
const all = userPages().flatMap(blocksOf);
const unrun = all.filter(({ block }) => block.comments.has('not run'));

function isConfig(value: unknown): boolean {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return keys.length > 0 && keys.every((key) => key in configSchema.shape);
}

/** What is wrong with a JSON block; null: nothing is. */
function jsonFault({ code, line }: Block): string | null {
  try {
    const value: unknown = JSON.parse(code);
    if (!isConfig(value)) return null;
    const file = join(dir, `line-${line}.json`);
    writeFileSync(file, code);
    readConfigFile(file, 'http://127.0.0.1:9/v1', { load: () => ({ digest: '', warnings: [] }) });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('code blocks', () => {
  it.each(pagePaths())('of %s have a language', (path) => {
    const nameless = readPage(path).blocks.filter(({ language }) => !/^[a-z]+$/.test(language));
    expect(nameless.map(({ line }) => `${path}:${line}`)).toEqual([]);
  });

  it('in JSON are JSON, and those that are a config file are taken by its reader', () => {
    const faults = all
      .filter(({ block }) => block.language === 'json' && !block.comments.has('not run'))
      .map(({ at, block }) => ({ at, fault: jsonFault(block) }));
    expect(faults.filter(({ fault }) => fault !== null)).toEqual([]);
  });

  it('name scripts of npm that there are', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    const named = pagePaths().flatMap((path) =>
      [...readText(path).matchAll(/\bnpm run (?:--\S+ )*([a-z][a-z:-]*)/g)].map(([, name = '']) => ({ path, name })),
    );
    expect(named.filter(({ name }) => !(name in scripts))).toEqual([]);
  });

  it('are told about by comments that the tests know', () => {
    const strange = all.flatMap(({ at, block }) =>
      [...block.comments.keys()].filter((name) => !known.has(name)).map((name) => `${at} ${name}`),
    );
    expect(strange).toEqual([]);
  });
});

describe('code blocks that are not run', () => {
  it('say why, also where nobody could run them', () => {
    const silent = all.filter(({ block }) => !checked.has(block.language) && !block.comments.has('not run'));
    expect(silent.map(({ at }) => at)).toEqual([]);
    const vague = unrun.filter(({ block }) => !reasons.test(block.comments.get('not run') ?? ''));
    expect(vague.map(({ at, block }) => `${at} ${block.comments.get('not run')}`)).toEqual([]);
  });

  it('name a test that there is, where one does the same', () => {
    const named = unrun.flatMap(({ at, block }) =>
      [...(block.comments.get('not run') ?? '').matchAll(/\S+\.test\.ts/g)].map(([path]) => ({ at, path })),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('are few', () => {
    console.log(unrun.map(({ at, block }) => `${at} ${block.comments.get('not run')}`).join('\n'));
    const code = all.filter(({ block }) => block.language !== 'text' && block.language !== 'mermaid');
    expect(unrun.length).toBeLessThanOrEqual(code.length / 3);
  });
});
