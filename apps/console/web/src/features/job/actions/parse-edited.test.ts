import { describe, expect, it } from '@jest/globals';
import { parseEdited } from './parse-edited.ts';

describe('edited JSON', () => {
  it('is read as it is', () => {
    expect(parseEdited('{"model": "sim", "n": 1}')).toEqual({ isValid: true, value: { model: 'sim', n: 1 } });
  });

  it('that is broken is refused with the place to look at', () => {
    expect(parseEdited('{\n  "model": sim\n}')).toMatchObject({
      isValid: false,
      fault: expect.stringContaining('line 2, column 12'),
    });
    expect(parseEdited('')).toMatchObject({ isValid: false, fault: expect.stringContaining('its end') });
  });
});
