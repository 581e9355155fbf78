import { describe, expect, it, jest } from '@jest/globals';
import { EmittedText } from './emitted-text.ts';

function newText(isDiscarded = false) {
  const write = jest.fn();
  return { write, text: new EmittedText({ write }, isDiscarded) };
}

describe('the text that readers have', () => {
  it('grows by what is written to the journal, with the fields that are stored together with it', () => {
    const { text, write } = newText();
    text.emit({ text: 'Hel' });
    text.emit({ text: 'lo', event: { id: 'c1' } }, { failures: 1 });
    expect(write.mock.calls).toEqual([
      ['text.delta', { text: 'Hel' }, {}],
      ['text.delta', { text: 'lo', event: { id: 'c1' } }, { failures: 1 }],
    ]);
    expect([text.length, text.toFields()]).toEqual([5, { text: 'Hello' }]);
  });

  it('begins with what earlier attempts emitted, which is not written again', () => {
    const { text, write } = newText();
    text.restore('Hel');
    text.emit({ text: 'lo' });
    expect(text.toFields()).toEqual({ text: 'Hello' });
    expect(write).toHaveBeenCalledTimes(1);
  });

  it('stores nothing where there is none', () => {
    expect(newText().text.toFields()).toEqual({});
  });

  it('stays discarded', () => {
    const { text } = newText(true);
    expect(text.isDiscarded).toBe(true);
    const other = newText().text;
    other.discard();
    expect(other.isDiscarded).toBe(true);
  });
});
