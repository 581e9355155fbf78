/** How two answers differ, word by word. */
import { diffWordsWithSpace } from 'diff';

export interface DiffPart {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

/** Beyond it, comparing words would block the page; whole answers then stand one after the other. */
const MAX_LENGTH = 200_000;

export function diffAnswers(before: string, after: string): DiffPart[] {
  if (before.length + after.length > MAX_LENGTH) {
    return [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ];
  }
  return diffWordsWithSpace(before, after).map(({ added, removed, value }) => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text: value,
  }));
}
