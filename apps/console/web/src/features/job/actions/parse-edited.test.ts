import { describe, expect, it } from '@jest/globals';
import { parseEdited } from './parse-edited.ts';

describe('edited JSON', () => {
  it('is read as it is', () => {
    expect(parseEdited('{"model": "sim", "n": 1}')).toEqual({ isValid: true, value: { model: 'sim', n: 1 } });
  });

  it('that is broken is refused with the place to look at', () => {
    const fault = (text: string) => expect(parseEdited(text));
    fault(`{\n  "model": "sim",\n}`).toMatchObject({
      isValid: false,
      fault: expect.stringMatching(/^This is not JSON: .*line 3,? column 1/),
    });
    fault('[1]').toMatchObject({ isValid: false, fault: expect.stringContaining('is an object') });
    fault('').toMatchObject({ isValid: false, fault: expect.stringContaining('not JSON') });
  });
});
