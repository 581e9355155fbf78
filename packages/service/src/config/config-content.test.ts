import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readConfigContent } from './config-content.ts';
import { readConfigFile } from './config-file.ts';
import { SettingsError } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-content-'));
afterAll(() => rmSync(folder, { recursive: true }));

const load = () => ({ digest: '', warnings: [] });

let files = 0;
function write(kind: 'json' | 'ts', content: string): string {
  files += 1;
  const file = join(folder, `config-${files}.${kind}`);
  writeFileSync(file, content);
  return file;
}

describe('a config file', () => {
  it.each(['none.json', 'none.ts', 'none.json/none.json'])('that does not exist is reported as missing: %s', (name) => {
    const file = join(folder, name);
    const refusal = new SettingsError(`${file} can't be read: it does not exist.`);
    expect(() => readConfigContent(file)).toThrow(refusal);
  });

  it('that is a directory is called that', () => {
    expect(() => readConfigContent(folder)).toThrow(new SettingsError(`${folder} can't be read: it is a directory.`));
  });
});

describe('a config file of JSON', () => {
  it('may begin with a byte order mark', () => {
    expect(readConfigContent(write('json', '\ufeff{"plans":{}}'))).toEqual({ plans: {} });
  });

  it.each([
    ['nothing in it', '', ' is empty: expected a JSON object.'],
    ['no JSON', '{\n  "lanes": {},\n}', ' is not JSON: see line 3, column 1.'],
    ['half of it', '{"lanes":', ' is not JSON: it ends too soon.'],
    ['a member twice', '{"lanes":{"a":1,"a":2}}', ' is not valid:\n  lanes.a: named twice'],
    ['__proto__', '{"plans":{"__proto__":{}}}', ' is not valid:\n  plans.__proto__: this name is not allowed'],
  ])('is refused with its place: %s', (_, content, said) => {
    const file = write('json', content);
    expect(() => readConfigContent(file)).toThrow(new SettingsError(`${file}${said}`));
  });
});

describe('a config file that is a module', () => {
  it('may be TypeScript', () => {
    const file = write('ts', 'const plans: object = {};\nexport default { plans };\n');
    expect(readConfigContent(file)).toEqual({ plans: {} });
  });

  it.each([
    [
      'a promise',
      'export default Promise.resolve({ lanes: {} })',
      /\(top level\): expected an object; got a promise\./,
    ],
    ['a function', 'export default () => ({})', /\(top level\): expected an object; got a function$/],
    ['null', 'export default null', /\(top level\): expected an object; got null$/],
    ['a bigint', 'export default { plans: { a: { weight: 10n } } }', /plans\.a\.weight: expected a number; got 10n$/],
    ['a circle', 'const a = {}; a.a = a; export default { plans: a }', /plans\.a\.a: unknown/],
    ['no default', 'export const lanes = {}', /ts has no default export/],
    ['an exception', 'throw new Error("no luck"); export default {}', /ts can't be loaded as a module: no luck$/],
    ['a text', 'throw "no luck"; export default {}', /ts can't be loaded as a module: no luck$/],
  ])('is refused where it exports or throws %s', (_, code, message) => {
    const file = write('ts', code);
    expect(() => readConfigFile(file, 'http://127.0.0.1:3002/v1', { load })).toThrow(SettingsError);
    expect(() => readConfigFile(file, 'http://127.0.0.1:3002/v1', { load })).toThrow(message);
  });
});
