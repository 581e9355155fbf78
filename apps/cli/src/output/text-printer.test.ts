import { describe, expect, it } from '@jest/globals';
import { TextPrinter } from './text-printer.ts';

/** What is written for snapshots of a text, and at which of them what stands there was left. */
function printed(...snapshots: string[]) {
  let written = '';
  const printer = new TextPrinter((text) => {
    written += text;
  });
  const left = snapshots.map((text) => printer.show(text));
  return { written, left: left.indexOf(true) };
}

describe('TextPrinter', () => {
  it('writes only what is new', () => {
    expect(printed('', 'a', 'ab', 'ab', 'abc')).toEqual({ written: 'abc', left: -1 });
  });

  it('writes nothing twice where a new attempt says the same', () => {
    expect(printed('one two', '', 'one', 'one two three')).toEqual({ written: 'one two three', left: -1 });
  });

  it('begins a new line where a new attempt says something else', () => {
    expect(printed('one two', '', 'one', 'one tree', 'one tree falls')).toEqual({
      written: 'one two\none tree falls',
      left: 3,
    });
  });
});
