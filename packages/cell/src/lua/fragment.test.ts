import { describe, expect, it } from '@jest/globals';
import { scripts } from '../scripts/index.ts';
import { compose, type Fragment } from './fragment.ts';

const piece = (name: string, ...needs: Fragment[]): Fragment => ({ name, needs, lua: `\nlocal ${name}\n` });

describe('a script', () => {
  it('has each of its fragments once, after those that it needs, and then its body', () => {
    const a = piece('a');
    const b = piece('b', a);
    const text = compose([piece('c', b, a), b, a], 'return a + b + c');
    expect(text).toBe('local a\nlocal b\nlocal c\nreturn a + b + c\n');
  });

  it('has nothing that it does not use', () => {
    const lua = `
local a, b = 1, 2
local function unused() return a end
-- Says why.
local function used(n)
  return b + n
end
local function last() return used(1) end
`;
    const text = compose([{ name: 'x', needs: [], lua }], 'return used(3)');
    expect(text).toBe('local a, b = 1, 2\nlocal function used(n)\n  return b + n\nend\nreturn used(3)\n');
  });
});

describe('every script of a cell', () => {
  it.each(Object.entries(scripts))('says what it may do while Redis is full: %s', (_name, { script }) => {
    expect(script.lua).toMatch(/^#!lua( flags=allow-oom)?\n/);
  });

  it('may write while Redis is full, but for those that let new work in', () => {
    const refused = Object.entries(scripts).filter(([, { script }]) => !script.lua.startsWith('#!lua flags=allow-oom'));
    expect(refused.map(([name]) => name).sort()).toEqual(['list', 'retry', 'runLimits', 'submit', 'unpackJob']);
  });
});
