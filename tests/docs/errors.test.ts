/** docs/reference/errors.md has every code that a program may meet, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { jobErrorHelp } from '@holdfast/admin';
import { HoldfastApiError } from '@holdfast/client';
import { httpStatusOf, jobErrorCodes } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { firstNamesUnder, namesIn, readReference, rowsUnder } from './tables.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readReference('docs/reference/errors.md');
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

/** The sources of all packages and apps, but for tests. */
function* sources(): Generator<string> {
  for (const folder of ['packages', 'apps']) {
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const isOurs = /^[^/]+\/src\/.*\.ts$/.test(path) && !path.includes('.test.');
      if (isOurs) yield readFileSync(join(root, folder, path), 'utf8');
    }
  }
}

const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, code = '']) => code);

/** Of what ends a process at its start. */
function processCodes(): string[] {
  const thrown = /new (?:MisconfigurationError|CodedError)\(\s*'(\w+)'/g;
  const refused = /\bcode: '(redis_\w+)'/g;
  return sorted([...sources()].flatMap((text) => [...found(text, thrown), ...found(text, refused)]));
}

/** Of the client package, beside those of the API. */
function clientCodes(): string[] {
  const own = readFileSync(join(root, 'packages/client/src/errors.ts'), 'utf8');
  const connection = /type ConnectionErrorCode =([^;]+);/.exec(own)?.[1] ?? '';
  const thrown = /new HoldfastApiError\([^,]+, '(\w+)'/g;
  const waiting = /super\('(\w+)'/g;
  const ofClient = [...sources()].flatMap((text) => found(text, thrown));
  return sorted([...found(connection, /'(\w+)'/g), ...found(own, waiting), ...ofClient]);
}

/** Rows whose cells are not all filled. */
const incomplete = (heading: string) => rowsUnder(page, heading).filter((cells) => cells.includes(''));

describe('docs/reference/errors.md', () => {
  it('has every code of a refused request, with its status', () => {
    const rows = rowsUnder(page, 'Codes of requests').map(([code, status]) => [...namesIn(code), Number(status)]);
    expect(Object.fromEntries(rows)).toEqual(httpStatusOf);
    expect(rows.length).toBe(Object.keys(httpStatusOf).length);
  });

  it('says of a refused request that it may be sent again where the client does so', () => {
    const rows = rowsUnder(page, 'Codes of requests');
    const wrong = rows.filter(([code, status, , retry]) => {
      const error = new HoldfastApiError(Number(status), namesIn(code)[0] ?? '', '', { retryAfterMs: 1_000 });
      return error.retryable !== (retry !== 'no');
    });
    expect(wrong).toEqual([]);
  });

  it('has every code that a job can fail with', () => {
    expect(firstNamesUnder(page, 'Codes of jobs').sort()).toEqual([...jobErrorCodes].sort());
  });

  it('says of the errors of jobs what the console says', () => {
    const rows = rowsUnder(page, 'Codes of jobs').map(([code = '', ...says]) => [namesIn(code)[0], says]);
    const shown = jobErrorCodes.map((code) => {
      const help = jobErrorHelp(code);
      return [code, [help?.happened, help?.triedAgain, help?.todo]];
    });
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(shown));
  });

  it('has every code that a process can end with at its start', () => {
    const codes = processCodes();
    expect(codes).toEqual(expect.arrayContaining(['redis_wrong_password', 'layout_unknown', 'cannot_listen']));
    expect(firstNamesUnder(page, 'Codes of a process').sort()).toEqual(codes);
  });

  it('has every code of the JavaScript client', () => {
    const codes = clientCodes();
    expect(codes).toEqual(expect.arrayContaining(['connection_failed', 'wait_timeout', 'unreadable_answer']));
    expect(firstNamesUnder(page, 'Codes of the JavaScript client').sort()).toEqual(codes);
  });

  it.each(['Codes of requests', 'Codes of jobs', 'Codes of a process', 'Codes of the JavaScript client'])(
    'says of all %s what to do',
    (heading) => {
      expect(incomplete(heading)).toEqual([]);
    },
  );
});
