import type { JobEvent } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { textOf } from './text.ts';

type Entry = [JobEvent['type'], object];

async function textsOf(entries: Entry[]): Promise<string[]> {
  async function* events() {
    for (const [index, [type, data]] of entries.entries()) yield { seq: index + 1, type, data } as JobEvent;
  }
  const texts: string[] = [];
  for await (const snapshot of textOf(events())) texts.push(`${snapshot.text}${snapshot.done ? ' (done)' : ''}`);
  return texts;
}

const error = { code: 'provider_stream_cut', message: 'cut', retryable: true };
const accepted: Entry = ['job.accepted', { task: 't', lane: 'l' }];
const started = (attempt: number, resumed: boolean): Entry => ['attempt.started', { attempt, resumed }];
const text = (piece: string): Entry => ['text.delta', { text: piece }];
const failed: Entry = ['attempt.failed', { error, retry_at: '2026-01-01T00:00:00.000Z' }];
const completed: Entry = ['job.completed', { output: null, usage: null }];

describe('textOf', () => {
  it('grows with each piece and is done with the end', async () => {
    const texts = await textsOf([accepted, started(1, false), text('a'), text('b'), completed]);
    expect(texts).toEqual(['', '', 'a', 'ab', 'ab (done)']);
  });

  it('drops the text of an attempt that the next one does not resume', async () => {
    const texts = await textsOf([
      accepted,
      started(1, false),
      text('a'),
      failed,
      started(2, false),
      text('b'),
      completed,
    ]);
    expect(texts).toEqual(['', '', 'a', 'a', '', 'b', 'b (done)']);
  });

  it('keeps the text that a resumed attempt continues', async () => {
    const texts = await textsOf([accepted, started(1, false), text('a'), started(2, true), text('b'), completed]);
    expect(texts.at(-1)).toBe('ab (done)');
  });

  it('starts over when an ended job is retried', async () => {
    const again: Entry = ['job.accepted', { task: 't', lane: 'l', again: true }];
    const run = [accepted, started(1, false), text('a'), ['job.failed', { error }] as Entry];
    const texts = await textsOf([...run, again, started(2, false), text('b'), completed]);
    expect(texts.slice(3)).toEqual(['a (done)', '', '', 'b', 'b (done)']);
  });
});
