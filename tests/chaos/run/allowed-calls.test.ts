/** How many provider calls a job may make, by its lane. */
import { formatEvent } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { allowedCalls } from './allowed-calls.ts';

/** A journal with one attempt for each number; the number is how many pieces of text it brought. */
function logOf(...pieces: number[]): string {
  let seq = 1;
  let log = formatEvent(seq, 'job.accepted', { task: 'responses', lane: 'background' });
  pieces.forEach((count, at) => {
    log += formatEvent(++seq, 'attempt.started', { attempt: at + 1, resumed: at > 0 });
    for (let piece = 0; piece < count; piece++) log += formatEvent(++seq, 'text.delta', { text: 'and ' });
  });
  return log + formatEvent(++seq, 'job.completed', { output: null, usage: null });
}

describe('a job may make', () => {
  it('one call where the provider honors keys, whatever happens to its workers', () => {
    expect(allowedCalls('idempotent', 2, logOf(0, 0, 3))).toBe(1);
    expect(allowedCalls('background-keyed', 1, logOf(0, 3))).toBe(1);
  });

  it('one further call in the plain lane for each that is counted as ambiguous', () => {
    expect(allowedCalls('plain', 0, logOf(3))).toBe(1);
    expect(allowedCalls('plain', 2, logOf(3, 3, 3))).toBe(3);
  });

  it('one further call in the background lane for an ambiguous attempt without any text', () => {
    expect(allowedCalls('background', 1, logOf(0, 3))).toBe(2);
    expect(allowedCalls('background', 0, logOf(0, 3))).toBe(1);
  });

  it('no further call in the background lane once a piece of the answer is stored', () => {
    expect(allowedCalls('background', 1, logOf(3, 3))).toBe(1);
    expect(allowedCalls('background', 2, logOf(3, 0, 3))).toBe(1);
    expect(allowedCalls('background', 0, '')).toBe(1);
  });
});
