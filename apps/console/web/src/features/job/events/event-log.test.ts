import type { JobEvent } from '@holdfast/core';
import { expect, describe as group, it } from '@jest/globals';
import { describe, emptyLog, isTerminal, withEvent } from './event-log.ts';

const events: JobEvent[] = [
  { seq: 1, type: 'job.accepted', data: { task: 'chat', lane: 'main' } },
  { seq: 2, type: 'attempt.started', data: { attempt: 1, resumed: false } },
  { seq: 3, type: 'text.delta', data: { text: 'Hel' } },
  { seq: 4, type: 'text.delta', data: { text: 'lo' } },
];
const log = events.reduce(withEvent, emptyLog);

group('the log of events', () => {
  it('shows pieces of text as one entry, and the text as a whole', () => {
    expect(log.entries.map((entry) => [entry.seq, entry.type, describe(entry)])).toEqual([
      [1, 'job.accepted', 'task chat, lane main'],
      [2, 'attempt.started', 'attempt 1'],
      [3, 'text.delta', '2 pieces'],
    ]);
    expect(log.text).toBe('Hello');
  });

  it('takes each event once, also when they are sent again after a reconnect', () => {
    expect(events.reduce(withEvent, log)).toBe(log);
  });

  it('drops the text of an attempt that is not resumed', () => {
    expect(withEvent(log, { seq: 5, type: 'attempt.started', data: { attempt: 2, resumed: true } }).text).toBe('Hello');
    expect(withEvent(log, { seq: 5, type: 'attempt.started', data: { attempt: 2, resumed: false } }).text).toBe('');
  });

  it('knows the events that end a job', () => {
    expect(isTerminal({ seq: 5, type: 'job.cancelled', data: {} })).toBe(true);
    expect(events.some(isTerminal)).toBe(false);
  });
});
