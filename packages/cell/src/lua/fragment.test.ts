import { describe, expect, it } from '@jest/globals';
import { scripts } from '../scripts/index.ts';
import { compose, type Fragment } from './fragment.ts';

const piece = (name: string, ...needs: Fragment[]): Fragment => ({ name, needs, lua: `\nlocal ${name}\n` });

describe('a script', () => {
  it('has each of its fragments once, after those that it needs, and then its body', () => {
    const a = piece('a');
    const b = piece('b', a);
    const text = compose([piece('c', b, a), b, a], 'return 1');
    expect(text.match(/^local \w$|^return 1$/gm)).toEqual(['local a', 'local b', 'local c', 'return 1']);
  });
});

describe('every script of a cell', () => {
  it.each(Object.entries(scripts))('says what it may do while Redis is full: %s', (_name, { script }) => {
    expect(script.lua).toMatch(/^#!lua( flags=allow-oom)?\n/);
  });

  it('may write while Redis is full, but for those that let new work in', () => {
    const refused = Object.entries(scripts).filter(([, { script }]) => !script.lua.startsWith('#!lua flags=allow-oom'));
    expect(refused.map(([name]) => name).sort()).toEqual(['retry', 'runLimits', 'submit', 'unpackLog']);
  });
});
