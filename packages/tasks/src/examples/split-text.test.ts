import { describe, expect, it } from '@jest/globals';
import { splitText } from './split-text.ts';

describe('splitText', () => {
  it.each<[string, string, string[]]>([
    ['keeps a short text whole', 'one\n\ntwo', ['one\n\ntwo']],
    ['splits between paragraphs', 'one.\n\ntwo.\n\nthree three.', ['one.\n\ntwo.\n\n', 'three three.']],
    [
      'splits a long paragraph between sentences',
      'One one one. Two two two. Three.',
      ['One one one. ', 'Two two two. ', 'Three.'],
    ],
    ['splits a long sentence anywhere', 'x'.repeat(30), ['x'.repeat(14), 'x'.repeat(14), 'xx']],
  ])('%s', (_, text, parts) => {
    expect(splitText(text, 14)).toEqual(parts);
  });

  it('loses nothing', () => {
    const text = Array.from({ length: 200 }, (_, at) => `Sentence ${at} 🙂.${at % 9 === 0 ? '\n\n' : ' '}`).join('');
    expect(splitText(text, 100).join('')).toBe(text);
  });
});
