/** The check of spelling sees what it is there for, and its list of words holds no word that the tree has done with. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

// cspell:ignore neighbour recieved

const root = resolve(import.meta.dirname, '../..');

/** What `npm run spelling` says of a file with this text, a word a line. */
function misspelledWords(text: string): string[] {
  const args = [join(root, 'node_modules/cspell/bin.mjs'), '--no-progress', '--no-summary', '--words-only', 'stdin'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, input: text, encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

/** All text that people write here, in lower case. */
function textOfTree(): string {
  const isOurs = (name: string) => name === '.ci' || !/^(\.|node_modules$|package-lock\.json$)/.test(name);
  const paths = readdirSync(root)
    .filter(isOurs)
    .flatMap((name) => {
      if (statSync(join(root, name)).isFile()) return [name];
      return readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((inner) => join(name, inner));
    });
  const isWritten = (path: string) => !/(^|\/)(node_modules|dist|images|results)(\/|$)/.test(path);
  const files = paths.filter((path) => isWritten(path) && statSync(join(root, path)).isFile());
  return files.map((path) => readFileSync(join(root, path), 'utf8').toLowerCase()).join('\n');
}

describe('the spelling', () => {
  it('is checked in comments, strings and names, and is American', () => {
    const text = "/** A neighbour of that color. */\nconst recievedEvents = 'a cancelled job';\n";
    expect(misspelledWords(text)).toEqual(['neighbour', 'recieved']);
  });

  it('knows no words but those that are used', () => {
    const text = textOfTree();
    const lines = readFileSync(join(root, '.cspell/words.txt'), 'utf8').split('\n');
    const words = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(words).toContain('zset');
    expect(words.filter((word) => !text.includes(word))).toEqual([]);
  });
});
