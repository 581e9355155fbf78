import { RequestError, type RequestIssue } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { parseStrictJson } from './strict-json.ts';

// cspell:ignore QUJD

const parse = (text: string) => parseStrictJson(Buffer.from(text)).value;

function refusalOf(body: string | Buffer): { code: string; message: string; issue: RequestIssue | undefined } {
  try {
    parseStrictJson(Buffer.from(body));
  } catch (error) {
    if (error instanceof RequestError) return { code: error.code, message: error.message, issue: error.issues[0] };
    throw error;
  }
  throw new Error('was not refused');
}

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const members = (count: number) => `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;
const values = (count: number) => `[${'1,'.repeat(count - 1)}1]`;

describe('strict JSON', () => {
  it('gives what JSON.parse gives, and the text as it was sent', () => {
    const text = ' {"a": [1, -2.5e3, true, null, "é😀\\n\\u0041", {}], "b": {"a": {"a": ""}}} ';
    expect(parseStrictJson(Buffer.from(text))).toEqual({ text, value: JSON.parse(text) });
  });

  it.each(['0', '-0', '1e-400', '9007199254740991', '-9007199254740991', '1.5e-300', '1e15', '0.1'])(
    'takes a number that a double can hold: %s',
    (text) => expect(parse(text)).toBe(JSON.parse(text)),
  );

  it('takes what is just within the bounds', () => {
    expect(() => parse(nested(64))).not.toThrow();
    expect(() => parse(members(10_000))).not.toThrow();
    expect(() => parse(values(200_000))).not.toThrow();
    for (const part of ['"\\', 'QUJD', '\n', '日', '{[,:'])
      expect(() => parse(JSON.stringify({ prompt: part.repeat(250_000) }))).not.toThrow();
  });

  it('takes a photo of 7 MB', () => {
    expect(() => parse(JSON.stringify({ url: 'QUJD'.repeat(2_400_000) }))).not.toThrow();
  });

  it.each([
    ['beyond 64 levels', nested(65), `0${'.0'.repeat(62)}`, /64 levels/],
    ['a million levels', nested(1_000_000), `0${'.0'.repeat(62)}`, /64 levels/],
    ['beyond 10,000 members', `{"a":${members(10_000)}}`, 'a', /10000 members/],
    ['beyond 200,000 values', `{"a":${values(200_001)}}`, 'a', /200000 values/],
    ['a million values', `{"a":[0,${values(1_000_000)}]}`, 'a.1', /200000 values/],
    ['__proto__', '{"a":[{"__proto__":{}}]}', 'a.0.__proto__', /not allowed/],
    ['__proto__ in escapes', '{"\\u005f\\u005fproto__":1}', '__proto__', /not allowed/],
    ['constructor', '{"constructor":{"prototype":{}}}', 'constructor', /not allowed/],
    ['prototype', '{"a":{"prototype":1}}', 'a.prototype', /not allowed/],
    ['1e400', '{"a":[0,1e400]}', 'a.1', /too large/],
    ['-1e400', '-1e400', '', /too large/],
    ['2^53', '{"a":9007199254740992}', 'a', /beyond ±9007199254740991 \(2\^53 - 1\) can’t be represented exactly$/],
    ['2^53+1', '{"a":9007199254740993}', 'a', /±9007199254740991/],
    ['1e99, which is whole', '{"delay_ms":1e99}', 'delay_ms', /±9007199254740991/],
    ['NUL', '{"a":"x\\u0000"}', 'a', /NUL/],
    ['NUL in a name', '{"a":{"\\u0000":1}}', 'a', /NUL/],
    ['half a surrogate pair', '{"a":["\\ud83d"]}', 'a.0', /surrogate/],
    ['the other half', '{"a":["\\ude00 \\ud83d"]}', 'a.0', /surrogate/],
    ['half a surrogate pair in a name', '{"\\ud83d":1}', '', /surrogate/],
  ])('refuses %s and says where', (_, text, path, message) => {
    const { code, issue } = refusalOf(text);
    expect(code).toBe('validation_failed');
    expect(issue).toEqual({ path, message: expect.stringMatching(message) });
  });

  it.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"b":{"a":1},"a":[{"x":1},{"y":1,"z":2,"y":3}]}', 'a.1.y'],
    ['{"a":{"b":{"c":1}},"a":2}', 'a'],
    ['{"":1,"":2}', ''],
    ['{"a\\"b":1,"a\\"b":2}', 'a"b'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['[[1,2,{"k":1 , "k" : 2}]]', '0.2.k'],
    ['{"a":"}{,:\\"","b":[],"b":0}', 'b'],
  ])('refuses a member named twice: %s', (text, path) => {
    expect(refusalOf(text)).toMatchObject({ code: 'validation_failed', issue: { path, message: 'named twice' } });
  });

  it.each([
    '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}',
    '{"a":"\\"a\\":1,\\"a\\":2"}',
    '{"a":"x:","b":":"}',
    '["a","a",{"a":"a"}]',
    '{"a\\\\":1,"a":2}',
  ])('takes a name again elsewhere, and colons and quotes in texts: %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['nothing', ''],
    ['words', 'hello secret'],
    ['half an object', '{"secret":'],
    ['a million brackets that stay open', `["secret"${',['.repeat(1_000_000)}`],
    ['a trailing comma', '{"a":"secret",}'],
    ['a comment', '{"a":1} // secret'],
    ['NaN', '{"secret":NaN}'],
    ['a byte order mark', '\ufeff{}'],
    ['a raw line break in a text', '{"a":"secret\n"}'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['an overlong NUL', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ])('refuses what is not JSON, without quoting it: %s', (_, body) => {
    const { code, message } = refusalOf(body);
    expect(code).toBe('malformed_json');
    expect(message).not.toContain('secret');
  });

  it.each([
    ['{"a":"secret",}', 'The body is not JSON: see line 1, column 15.'],
    ['{\n  "é": 1,\n  b: 2\n}', 'The body is not JSON: see line 3, column 3.'],
    ['{"secret":', 'The body is not JSON: it ends too soon.'],
    ['{"a":secret}', 'The body is not JSON.'],
    ['', 'The body is empty: expected a JSON object.'],
  ])('says where, where that is known, and what was parsed: %j', (text, said) => {
    expect(refusalOf(text).message).toBe(said);
    expect(() => parseStrictJson(Buffer.from(text), 'x.json')).toThrow(said.replace('The body', 'x.json'));
  });

  it('does not let long names make a long answer', () => {
    const name = 'n'.repeat(5_000);
    const { issue, message } = refusalOf(`{"${name}":${`{"${name}":`.repeat(40)}1e400${'}'.repeat(41)}`);
    expect(issue?.path.length).toBeLessThanOrEqual(600);
    expect(message.length).toBeLessThan(700);
    const twice = refusalOf(`{"${name}":{"${name}":1,"${name}":2}}`);
    expect(twice.issue?.path.length).toBeLessThanOrEqual(600);
  });
});
