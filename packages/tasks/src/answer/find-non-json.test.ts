import { describe, expect, it } from '@jest/globals';
import { findNonJson } from './find-non-json.ts';

const circle: Record<string, unknown> = { name: 'outer' };
circle.inner = { list: [circle] };
const shared = { a: 1 };
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

describe('what JSON has no word for', () => {
  it.each<[string, unknown, string, string]>([
    ['an undefined member', { user: { name: undefined } }, '.user.name', 'undefined'],
    ['nothing at all', undefined, '', 'undefined'],
    ['a hole in an array', { list: Object.assign(Array(2), { 0: 1 }) }, '.list[1]', 'undefined'],
    ['a Date', { items: [{ at: new Date(0) }] }, '.items[0].at', 'a Date'],
    ['a Map', new Map([['a', 1]]), '', 'a Map'],
    ['a Set', [new Set()], '[0]', 'a Set'],
    ['a function', { 'a b': () => 1 }, '["a b"]', 'a function'],
    ['a BigInt', { total: 5n }, '.total', 'a BigInt'],
    ['NaN', [0, Number.NaN], '[1]', 'NaN'],
    ['an infinity', { n: Number.NEGATIVE_INFINITY }, '.n', '-Infinity'],
    ['a symbol', { s: Symbol('x') }, '.s', 'a symbol'],
    ['a member named by a symbol', { [Symbol('x')]: 1 }, '[Symbol(x)]', 'a member named by a symbol'],
    ['an error', { error: new RangeError('x') }, '.error', 'a RangeError'],
    ['bytes', { bytes: Buffer.from('x') }, '.bytes', 'a Buffer'],
    ['an object that says its JSON itself', { toJSON: () => 1 }, '', 'an object with toJSON'],
    ['a circle', circle, '.inner.list[0]', 'a reference to what it is in (a circle)'],
    ['a depth without an end', { deep: deep(600) }, `.deep${'[0]'.repeat(499)}`, 'nested deeper than 500'],
  ])('is found, with its place: %s', (_, value, path, what) => {
    expect(findNonJson(value)).toEqual({ path, what });
  });

  it.each<[string, unknown]>([
    ['values', { a: [1, 'x', true, null, -0.5], b: {} }],
    ['a thing that comes twice, without a circle', { one: shared, two: [shared] }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['an object of another realm', structuredClone({ a: { b: 1 } })],
    ['some depth', deep(400)],
  ])('is not: %s', (_, value) => {
    expect(findNonJson(value)).toBeNull();
  });

  it('is no undefined member where that means that there is none', () => {
    expect(findNonJson({ a: { b: undefined } }, { allowsUndefinedMembers: true })).toBeNull();
    expect(findNonJson({ a: [undefined] }, { allowsUndefinedMembers: true })).toMatchObject({ path: '.a[0]' });
  });
});
