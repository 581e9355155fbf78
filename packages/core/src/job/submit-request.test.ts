import { describe, expect, it } from '@jest/globals';
import { submitRequestSchema } from './submit-request.ts';

// cspell:ignore modle

const least = { task: 'chat.completions', input: { model: 'sim' } };
const MONTH_MS = 30 * 86_400_000;

describe('submitRequestSchema', () => {
  it('accepts the smallest and the largest request, and changes nothing', () => {
    const most = {
      ...least,
      input: { nested: [{ deep: null }], 'odd key': 1.5 },
      metadata: { order: '1' },
      priority: -100,
      delay_ms: 0,
      deadline_ms: 1,
    };
    expect(submitRequestSchema.parse(least)).toEqual(least);
    expect(submitRequestSchema.parse(most)).toEqual(most);
    const highest = { ...least, priority: 100, delay_ms: MONTH_MS - 1, deadline_ms: MONTH_MS, task: 't'.repeat(128) };
    expect(submitRequestSchema.parse(highest)).toEqual(highest);
  });

  it.each<[string, object, string]>([
    ['no task', { task: undefined }, 'task'],
    ['an empty task', { task: '' }, 'task'],
    ['a task of 129 characters', { task: 't'.repeat(129) }, 'task'],
    ['no input', { input: undefined }, 'input'],
    ['text as input', { input: 'hello' }, 'input'],
    ['an array as input', { input: [] }, 'input'],
    ['null as input', { input: null }, 'input'],
    ['metadata that is not text', { metadata: { a: 1 } }, 'metadata.a'],
    ['a priority of 101', { priority: 101 }, 'priority'],
    ['a priority of -101', { priority: -101 }, 'priority'],
    ['half a priority', { priority: 0.5 }, 'priority'],
    ['a priority in words', { priority: 'high' }, 'priority'],
    ['a negative delay', { delay_ms: -1 }, 'delay_ms'],
    ['a delay of more than 30 days', { delay_ms: MONTH_MS + 1 }, 'delay_ms'],
    ['half a millisecond', { delay_ms: 0.5 }, 'delay_ms'],
    ['a delay until the deadline', { delay_ms: 500, deadline_ms: 500 }, 'delay_ms'],
    ['a deadline of nothing', { deadline_ms: 0 }, 'deadline_ms'],
    ['a deadline of more than 30 days', { deadline_ms: MONTH_MS + 1 }, 'deadline_ms'],
    ['null for a delay', { delay_ms: null }, 'delay_ms'],
    ['an unknown member', { modle: 'x' }, ''],
  ])('refuses %s and says where', (_, change, path) => {
    const { error } = submitRequestSchema.safeParse({ ...least, ...change });
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('names the deadline where a delay is longer', () => {
    const { error } = submitRequestSchema.safeParse({ ...least, delay_ms: 501, deadline_ms: 500 });
    expect(error?.issues[0]?.message).toContain('less than deadline_ms');
  });
});
