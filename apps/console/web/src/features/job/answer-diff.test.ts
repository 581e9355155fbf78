import { describe, expect, it } from '@jest/globals';
import { diffAnswers } from './answer-diff.ts';

describe('the difference of two answers', () => {
  it('is told by words, and both answers can be read from it', () => {
    const [before, after] = ['The anchor holds well.', 'The chain holds well.'];
    const parts = diffAnswers(before, after);
    expect(parts).toContainEqual({ kind: 'removed', text: 'anchor' });
    expect(parts).toContainEqual({ kind: 'added', text: 'chain' });
    const without = (kind: string) =>
      parts
        .filter((part) => part.kind !== kind)
        .map(({ text }) => text)
        .join('');
    expect([without('added'), without('removed')]).toEqual([before, after]);
  });

  it('of very long answers is not worked out', () => {
    const long = 'word '.repeat(30_000);
    expect(diffAnswers(long, `${long}!`)).toHaveLength(2);
  });
});
