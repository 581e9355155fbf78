import { describe, expect, it } from '@jest/globals';
import { digestOf, isKeyText, newKeyId, newKeyText } from './key-text.ts';

describe('the text of an API key', () => {
  it('is hold_, the id, 32 random characters and 6 of checksum', () => {
    const id = newKeyId();
    const key = newKeyText(id);
    expect(id).toMatch(/^[0-9a-z]{12}$/);
    expect(key).toMatch(new RegExp(`^hold_${id}_[0-9A-Za-z]{38}$`));
    expect(isKeyText(key)).toBe(true);
  });

  it('differs each time, also for one id', () => {
    expect(newKeyText('a'.repeat(12))).not.toBe(newKeyText('a'.repeat(12)));
  });

  it('is refused when one character of a key made here is mistyped', () => {
    const key = newKeyText(newKeyId());
    for (const at of [6, 20, 40, key.length - 1]) {
      const typo = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1);
      expect(isKeyText(typo)).toBe(false);
    }
  });

  it('may be any 20 characters after hold_ when it was given from outside', () => {
    expect(isKeyText('hold_my_own_bootstrap_key')).toBe(true);
    expect(isKeyText(`hold_${'a'.repeat(195)}`)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['too short', 'hold_short'],
    ['too long', `hold_${'a'.repeat(196)}`],
    ['without the start', 'a'.repeat(40)],
    ['with a line break at its end', `hold_${'a'.repeat(30)}\n`],
    ['with a colon', `hold_${'a'.repeat(30)}:x`],
    ['with an emoji', `hold_${'a'.repeat(30)}🙂`],
  ])('is refused when it is %s', (_what, text) => {
    expect(isKeyText(text)).toBe(false);
  });

  it('is stored as 64 hex digits that do not hold it', () => {
    const key = newKeyText(newKeyId());
    expect(digestOf(key)).toMatch(/^[0-9a-f]{64}$/);
  });
});
