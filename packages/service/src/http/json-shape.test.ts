import { describe, expect, it } from '@jest/globals';
import { findDuplicate, pathAt, readShape } from './json-shape.ts';

const bounds = { depth: 3, values: 5, members: 2 };
const excessOf = (text: string) => readShape(text, bounds).excess;

describe('the shape of a JSON text', () => {
  it.each([
    ['[[[]]]', null],
    ['[[[1]]]', { of: 'depth', at: 3 }],
    ['[[ [ "x" ]]]', { of: 'depth', at: 5 }],
    ['[[[]],[[[]]]]', { of: 'depth', at: 8 }],
    ['[1,2,3,4,5]', null],
    ['[1,2,3,4,5,6]', { of: 'values', at: 10 }],
    ['[[1],[2],3 ,4]', { of: 'values', at: 11 }],
    ['{"a":1,"b":{}}', null],
    ['{"a":1,"b":{"c":1}}', { of: 'members', at: 15 }],
    ['["[[[[,,,,,,::::\\\\","\\"[[[["]', null],
    ['-1.5e300', null],
  ])('of %s passes a bound at %j', (text, excess) => {
    expect(excessOf(text)).toEqual(excess);
    expect(readShape(text, bounds).isClosed).toBe(true);
  });

  it.each(['[', '[[]', '{"a', '"\\"', '[1,2,3,4,5,6'])('says that it is not closed: %s', (text) => {
    expect(readShape(text, bounds).isClosed).toBe(false);
  });

  it('counts members, not the colons in texts', () => {
    expect(readShape('{"a:":"::","b" : [{"c":1}]}', { ...bounds, members: 9 }).members).toBe(3);
  });
});

describe('the place of a member', () => {
  it('is given by the names on the way to the open value', () => {
    const text = '{"a":[1,{"b\\u0031":[2,[3]]}]}';
    expect(pathAt(text, text.lastIndexOf('3'))).toEqual(['a', 1, 'b1', 1]);
    expect(pathAt(text, 1)).toEqual([]);
    expect(pathAt('{"\\x":[1', 8)).toEqual(['\\x']);
  });

  it('is given where a member is named twice, and only then', () => {
    expect(findDuplicate('{"a":{"b":1},"b":[{"c":1},{"c":1,"c" : 2}]}')).toEqual(['b', 1, 'c']);
    expect(findDuplicate('{"a":{"b":"c"},"b":"a"}')).toBeNull();
  });
});
