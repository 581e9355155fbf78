/** Which Markdown pages there are, and which of them are documents for users. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Page, parsePage } from './markdown.ts';

export const root = resolve(import.meta.dirname, '../..');

/** Pages that scripts write, and records of decisions: nobody follows their steps. */
const records = /^docs\/(?:decisions|bench)\/|^docs\/(?:performance|chaos-report)\.md$/;

/** Paths of all Markdown pages, from the root. */
export function pagePaths(): string[] {
  const folders = ['docs', 'bench', 'deploy', '.github', 'examples'].filter((name) => existsSync(join(root, name)));
  const below = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  return [...readdirSync(root), ...below]
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .sort();
}

/** Those that tell users what to do: their code is run. */
export function userPages(): string[] {
  return prosePages().filter((path) => !records.test(path) && !path.startsWith('bench/'));
}

/** Those whose sentences are counted: all documents, the ones that scripts write included. */
export function prosePages(): string[] {
  return pagePaths().filter((path) => /^(?:README\.md$|bench\/|docs\/)/.test(path));
}

export function decisionPages(): string[] {
  return pagePaths().filter((path) => path.startsWith('docs/decisions/'));
}

const parsed = new Map<string, Page>();

/** @param path from the root @throws Error naming the page, where it isn't there or isn't well formed */
export function readPage(path: string): Page {
  const known = parsed.get(path);
  if (known) return known;
  try {
    const page = parsePage(readFileSync(join(root, path), 'utf8'));
    parsed.set(path, page);
    return page;
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
