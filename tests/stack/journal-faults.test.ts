import { formatEvent } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { journalFaults } from './journal-faults.ts';

const accepted = (seq: number) => formatEvent(seq, 'job.accepted', { task: 'chat.completions', lane: 'default' });
const started = (seq: number, attempt: number) => formatEvent(seq, 'attempt.started', { attempt, resumed: false });
const delta = (seq: number, text: string) => formatEvent(seq, 'text.delta', { text });
const completed = (seq: number, output: string) => formatEvent(seq, 'job.completed', { output, usage: null });
const cancelled = (seq: number) => formatEvent(seq, 'job.cancelled', {});

describe('journalFaults', () => {
  it('finds nothing in a journal with two attempts, nor in one of a job that was run again', () => {
    const begun = accepted(1) + started(2, 1) + delta(3, 'a');
    expect(journalFaults(begun + started(4, 2) + delta(5, 'b') + delta(6, 'c') + completed(7, 'bc'))).toEqual([]);
    expect(journalFaults(begun + cancelled(4) + accepted(5) + started(6, 2) + completed(7, ''))).toEqual([]);
  });

  it('finds a gap', () => {
    expect(journalFaults(accepted(1) + started(2, 1) + completed(4, ''))).toEqual([
      'event 4 comes after event 2: a gap',
    ]);
    expect(journalFaults(accepted(2) + cancelled(3))).toEqual(['event 2 comes after event 0: a gap']);
  });

  it('finds a duplicate, and an order turned round', () => {
    expect(journalFaults(accepted(1) + started(2, 1) + started(2, 1) + cancelled(3))).toEqual([
      'event 2 comes after event 2: a duplicate',
      'event 2 starts attempt 1 after attempt 1',
    ]);
    expect(journalFaults(accepted(1) + delta(3, 'a') + delta(2, 'b') + completed(4, 'ab'))).toEqual([
      'event 3 comes after event 1: a gap',
      'event 2 comes after event 3: a duplicate',
    ]);
  });

  it('finds a second end, what comes after the end, and that there is none', () => {
    const ended = accepted(1) + started(2, 1) + completed(3, '');
    expect(journalFaults(ended + completed(4, ''))).toEqual(['event 4 is a second end']);
    expect(journalFaults(ended + delta(4, 'late'))).toEqual(['event 4, text.delta, comes after the end']);
    expect(journalFaults(accepted(1) + started(2, 1))).toEqual(['the job has no end']);
    expect(journalFaults('')).toContain('the job has no end');
  });

  it('finds events of an overtaken attempt, by their number or by their text', () => {
    const overtaken = accepted(1) + started(2, 2);
    expect(journalFaults(overtaken + started(3, 1) + completed(4, ''))).toEqual([
      'event 3 starts attempt 1 after attempt 2',
    ]);
    expect(journalFaults(overtaken + delta(3, 'b') + delta(4, 'late') + completed(5, 'b'))).toEqual([
      "the text before event 5 isn't that of its output",
    ]);
  });

  it('finds an event torn apart, and an end cut off', () => {
    expect(journalFaults(`${accepted(1)}id: 2\nevent: text.delta\ndata: {"te\n\n${cancelled(2)}`)).toEqual([
      'block 2 is no event',
    ]);
    expect(journalFaults(accepted(1) + cancelled(2).slice(0, -1))).toEqual([
      'the log ends in the middle of an event',
      'the job has no end',
    ]);
  });
});
