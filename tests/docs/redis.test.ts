/** docs/operate/redis.md asks of Redis what the code asks of it: settings, rights, the share of memory. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { accessNames } from '@holdfast/cell';
import { describe, expect, it } from '@jest/globals';
import { namesIn, readReference, rowsUnder } from './tables.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readReference('docs/operate/redis.md');
const source = (name: string) => readFileSync(join(root, `packages/redis/src/${name}.ts`), 'utf8');

describe('docs/operate/redis.md', () => {
  it('has the settings that are checked, with their values', () => {
    const [, wanted = ''] = /const requiredSettings = \{([^}]+)\}/.exec(source('durability')) ?? [];
    const checked = [...wanted.matchAll(/'?([a-z-]+)'?: '(\w+)'/g)].map(([, name = '', value = '']) => [name, value]);
    expect(checked.length).toBeGreaterThan(3);
    const shown = rowsUnder(page, 'Settings').map((cells) => cells.slice(0, 2).flatMap(namesIn));
    expect(shown.sort()).toEqual(checked.sort());
  });

  it('has the rights that are asked for, as the log says them', () => {
    const [, commands = ''] = /ACL SETUSER \$\{user\} (.+?) \$\{names/.exec(source('access')) ?? [];
    expect(commands).toContain('+@all');
    const { keys, channels } = accessNames('hf');
    const names = [...keys.map((begin) => `~${begin}*`), ...channels.map((begin) => `&${begin}*`)];
    expect(page).toContain(`ACL SETUSER holdfast on >password ${commands} ${names.join(' ')}\n`);
  });

  it('has the share of memory from which on new jobs are refused', () => {
    const [, share = ''] = /NEARLY_FULL = ([\d.]+)/.exec(source('memory-watch')) ?? [];
    expect(page).toContain(`From ${Number(share) * 100} % on, new jobs get 503 \`queue_full\``);
  });
});
