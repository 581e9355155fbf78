/** What a lane may cost. */
import { formatEvent } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { allowedCalls } from './allowed-calls.ts';

/** A journal of attempts, each of which brought so many pieces of text. */
function logOf(...pieces: number[]): string {
  let seq = 1;
  let log = formatEvent(seq, 'job.accepted', { task: 'responses', lane: 'background' });
  pieces.forEach((count, at) => {
    log += formatEvent(++seq, 'attempt.started', { attempt: at + 1, resumed: at > 0 });
    for (let piece = 0; piece < count; piece++) log += formatEvent(++seq, 'text.delta', { text: 'and ' });
  });
  return log + formatEvent(++seq, 'job.completed', { output: null, usage: null });
}

describe('a job may cost', () => {
  it('one call where the provider honors keys, whatever became of its workers', () => {
    expect(allowedCalls('idempotent', 2, logOf(0, 0, 3))).toBe(1);
    expect(allowedCalls('background-keyed', 1, logOf(0, 3))).toBe(1);
  });

  it('as many more in the plain lane as are counted as ambiguous', () => {
    expect(allowedCalls('plain', 0, logOf(3))).toBe(1);
    expect(allowedCalls('plain', 2, logOf(3, 3, 3))).toBe(3);
  });

  it('one more in the background lane for an ambiguous attempt that came to nothing', () => {
    expect(allowedCalls('background', 1, logOf(0, 3))).toBe(2);
    expect(allowedCalls('background', 0, logOf(0, 3))).toBe(1);
  });

  it('no more in the background lane once a piece of the answer is there', () => {
    expect(allowedCalls('background', 1, logOf(3, 3))).toBe(1);
    expect(allowedCalls('background', 2, logOf(3, 0, 3))).toBe(1);
    expect(allowedCalls('background', 0, '')).toBe(1);
  });
});
