import { describe, expect, it } from '@jest/globals';
import { RequestError } from '../error.ts';
import { isJobId, jobIdFor, parseIdempotencyKey } from './idempotency-key.ts';

// cspell:ignore acmf geheim schlüssel

function refusalOf(header: string, param?: string): RequestError {
  try {
    parseIdempotencyKey(header, param);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(header)} was not refused`);
}

describe('jobIdFor', () => {
  it('gives the same id for the same tenant and key, and has done so from the first release on', () => {
    expect(jobIdFor('acme', 'order-1')).toBe(jobIdFor('acme', 'order-1'));
    // A changed derivation would let every key that is in use be used a second time.
    expect(jobIdFor('acme', 'order-1')).toBe('job_f6hv4afgt62gygrew4xwvw32havcbj3h');
  });

  it('gives other ids for another key, another tenant, and the same letters cut elsewhere', () => {
    const pairs: [string, string][] = [
      ['acme', 'k'],
      ['acme', 'K'],
      ['acmf', 'k'],
      ['a', 'bc'],
      ['ab', 'c'],
      ['1:a', 'b'],
      ['1', 'a:b'],
      ['a:1', 'b'],
      ['', '1:a:b'],
    ];
    expect(new Set(pairs.map(([tenant, key]) => jobIdFor(tenant, key))).size).toBe(pairs.length);
  });

  it('never lets what a client wrote into the id', () => {
    for (const key of ['a:b', 'active', 'delayed', '123', '../x', '*', '{tag}', ' ', '\n', 'é😀', 'x'.repeat(255)]) {
      expect(jobIdFor('acme', key)).toMatch(/^job_[a-z2-7]{32}$/);
    }
  });

  it('makes a new id each time when there is no key', () => {
    const ids = Array.from({ length: 1_000 }, () => jobIdFor('acme', null));
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.every(isJobId)).toBe(true);
  });
});

describe('isJobId', () => {
  it('takes what jobIdFor makes and nothing else', () => {
    const id = jobIdFor('acme', 'k');
    expect(isJobId(id)).toBe(true);
    for (const other of ['', id.slice(0, -1), `${id}a`, `${id}\n`, id.toUpperCase(), ` ${id}`, id.replace(/.$/, '1')]) {
      expect(isJobId(other)).toBe(false);
    }
  });
});

describe('parseIdempotencyKey', () => {
  it('reads a raw and a quoted key as the same key', () => {
    expect(parseIdempotencyKey('order-1')).toBe('order-1');
    expect(parseIdempotencyKey('"order-1"')).toBe('order-1');
    expect(parseIdempotencyKey('  order-1\t')).toBe('order-1');
  });

  it('undoes the two escapes that a Structured-Field String has', () => {
    expect(parseIdempotencyKey('"a\\"b\\\\c"')).toBe('a"b\\c');
    expect(parseIdempotencyKey('"\\\\"')).toBe('\\');
    expect(parseIdempotencyKey('a\\b"c')).toBe('a\\b"c');
  });

  it('keeps spaces inside quotes: they are part of the key', () => {
    expect(parseIdempotencyKey('" a "')).toBe(' a ');
    expect(parseIdempotencyKey('a b')).toBe('a b');
  });

  it('takes every visible ASCII character and 255 of them, counted without quotes and escapes', () => {
    const visible = Array.from({ length: 0x7f - 0x21 }, (_, at) => String.fromCharCode(0x21 + at)).join('');
    expect(parseIdempotencyKey(`x${visible}`)).toBe(`x${visible}`);
    expect(parseIdempotencyKey('x'.repeat(255))).toHaveLength(255);
    expect(parseIdempotencyKey(`"${'\\"'.repeat(255)}"`)).toBe('"'.repeat(255));
  });

  it.each([
    ['nothing', ''],
    ['spaces only', '   '],
    ['empty quotes', '""'],
    ['256 characters', 'x'.repeat(256)],
    ['256 characters in quotes', `"${'x'.repeat(256)}"`],
    ['one quote', '"'],
    ['an open quote', '"abc'],
    ['an escaped closing quote', '"abc\\"'],
    ['a quote inside quotes', '"a"b"'],
    ['two quoted keys', '"a", "b"'],
    ['another escape', '"a\\n"'],
    ['a line break', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['NUL', 'a\0b'],
    ['DEL', 'a\x7fb'],
    ['an umlaut', 'schlüssel'],
    ['an emoji', '"😀"'],
  ])('refuses %s', (_, header) => {
    expect(refusalOf(header)).toMatchObject({
      code: 'invalid_idempotency_key',
      status: 400,
      param: 'Idempotency-Key',
      retryable: false,
    });
  });

  it('names what the key came in, where that is not the header', () => {
    expect(refusalOf('', 'key')).toMatchObject({ param: 'key', message: expect.stringMatching(/^key /) });
  });

  it('does not quote the key in its refusal', () => {
    expect(refusalOf('geheim\u00fc').message).not.toContain('geheim');
  });
});
