import { describe, expect, it } from '@jest/globals';
import { canonicalJson, isJsonObject, type JsonValue } from './json.ts';

const canonicalOf = (text: string) => canonicalJson(JSON.parse(text) as JsonValue);

describe('canonicalJson', () => {
  it('is the same for texts that differ in member order, white space and spelling only', () => {
    expect(canonicalOf('{"b":[1,{"y":2,"x":null}],"a":"\\u0041"}')).toBe('{"a":"A","b":[1,{"x":null,"y":2}]}');
    expect(canonicalOf('{ "a" : 1e2, "b": 1.0 }')).toBe(canonicalOf('{"b":1,"a":100}'));
  });

  it('differs where the meaning differs', () => {
    const texts = ['[1,2]', '[2,1]', '"1"', '1', 'null', '[]', '{}', '{"a":1}', '{"a":[1]}', '{"a":"1"}', '[[1],2]'];
    expect(new Set(texts.map(canonicalOf)).size).toBe(texts.length);
  });

  it('can be read back as the same value', () => {
    const value = { 'a"\n': ['😀', '\u2028', -0.5, true, { '': null }], ü: { constructor: 1 } };
    expect(JSON.parse(canonicalJson(value))).toEqual(value);
  });

  it('keeps a member called __proto__', () => {
    expect(canonicalOf('{"b":1,"__proto__":{"a":2}}')).toBe('{"__proto__":{"a":2},"b":1}');
  });

  it('takes the depth that its callers allow', () => {
    const deep = `${'['.repeat(64)}${']'.repeat(64)}`;
    expect(canonicalOf(deep)).toBe(deep);
  });
});

describe('isJsonObject', () => {
  it('tells objects from everything else', () => {
    expect(isJsonObject({})).toBe(true);
    for (const other of [null, undefined, [], 'x', 1, true]) expect(isJsonObject(other)).toBe(false);
  });
});
