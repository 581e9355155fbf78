/** Every link of every page leads somewhere: to a file that is there, to a heading that it has. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parsePage } from './markdown.ts';
import { pagePaths, readPage, root } from './pages.ts';

/** Why a link leads nowhere; null where it leads somewhere. */
function faultOf(from: string, target: string): string | null {
  if (/^(?:https?|mailto):/.test(target)) return URL.canParse(target) ? null : 'not an address';
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : normalize(join(dirname(from), path));
  if (!existsSync(join(root, file))) return 'no such file';
  if (anchor === undefined || !file.endsWith('.md')) return null;
  return readPage(file).anchors.has(anchor) ? null : 'no such heading';
}

describe('links', () => {
  it.each(pagePaths())('of %s lead somewhere', (path) => {
    const faults = readPage(path).links.map(({ line, target }) => ({ line, target, fault: faultOf(path, target) }));
    const wrong = faults.filter(({ fault }) => fault !== null);
    expect(wrong.map(({ line, target, fault }) => `${path}:${line} ${target}: ${fault}`)).toEqual([]);
  });

  it('of docs/README.md lead to every page of docs', () => {
    const listed = readPage('docs/README.md').links.map(({ target }) => normalize(join('docs', target)));
    const wanted = pagePaths().filter((path) => /^docs\/(?!README|decisions\/|bench\/)/.test(path));
    expect(wanted.filter((path) => !listed.includes(path))).toEqual([]);
  });
});

describe('pictures', () => {
  /** Of Markdown and of HTML. */
  const shown = new Set(
    pagePaths().flatMap(
      (path) => readFileSync(join(root, path), 'utf8').match(/(?<=\bdocs\/images\/|\.\.\/images\/)[\w.-]+/g) ?? [],
    ),
  );

  it('are there, and each is on a page', () => {
    expect([...shown].sort()).toEqual(readdirSync(join(root, 'docs/images')).sort());
  });

  it('load fast', () => {
    const sizes = readdirSync(join(root, 'docs/images')).map((name) => ({
      name,
      kb: readFileSync(join(root, 'docs/images', name)).length / 1_000,
    }));
    expect(sizes.filter(({ kb }) => kb > 200)).toEqual([]);
  });
});

describe('a page', () => {
  const page = parsePage('# One `two`\n\n# One two\n\n[a](b.md#c) `[x](y)`\n\n```sh\n# no heading [d](e)\n```\n');

  it('has the anchors that GitHub gives its headings', () => {
    expect([...page.anchors]).toEqual(['one-two', 'one-two-1']);
  });

  it('has no links and no headings in its code', () => {
    expect(page.links).toEqual([{ line: 5, target: 'b.md#c' }]);
  });
});
