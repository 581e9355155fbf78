import { describe, expect, it } from '@jest/globals';
import { writeProse, writeUnicode } from './prose.ts';
import { randomFrom } from './random.ts';

const text = (seed: string, count: number) => writeProse(randomFrom(seed), count).join('');

describe('prose', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(text('7', 200)).toBe(text('7', 200));
    expect(text('7', 200)).not.toBe(text('8', 200));
  });

  it.each([0, 1, 2, 5, 13, 60, 61, 500])('has exactly %d tokens', (count) => {
    for (let seed = 0; seed < 50; seed++) expect(writeProse(randomFrom(`${seed}`), count)).toHaveLength(count);
  });

  it('is made of whole sentences', () => {
    for (let seed = 0; seed < 200; seed++) {
      const sentences = text(`${seed}`, 30 + seed).split(/(?<=\.)\s+/);
      for (const sentence of sentences) expect(sentence).toMatch(/^["A-Z].*[a-z]\.$/s);
    }
  });

  it('has a character of several bytes in every token of a unicode text', () => {
    for (const token of writeUnicode(randomFrom('1'), 200))
      expect(Buffer.byteLength(token)).toBeGreaterThan(token.length);
  });
});
