import { describe, expect, it } from '@jest/globals';
import {
  attemptField,
  madeField,
  readAttempt,
  readCall,
  readStepTime,
  type StoredAttempt,
  type StoredCall,
  stepTimeField,
  timelinePart,
} from './timeline-fields.ts';

const call: StoredCall = {
  startMs: 12,
  provider: 'main',
  model: 'gpt-5-mini',
  endpoint: 'chat.completions',
  call: '',
  resumed: false,
  end: null,
};
const end = {
  tookMs: 540,
  outcome: 'completed',
  code: null,
  retryable: false,
  firstTextMs: 120,
  tokens: { input_tokens: 1_200, output_tokens: 300 },
  costUsd: 0.000_45,
} as const;
const failedEnd = {
  tookMs: 3,
  outcome: 'failed',
  code: 'provider_rate_limited',
  retryable: true,
  firstTextMs: null,
  tokens: null,
  costUsd: null,
} as const;

const stored = (fields: object) => Object.values(fields)[0] as string;

describe('the timeline’s stored form', () => {
  it.each<[string, StoredCall]>([
    ['a call under way', call],
    ['a completed call', { ...call, end }],
    ['a failed call, resumed', { ...call, resumed: true, endpoint: 'responses', end: failedEnd }],
    ['names with blanks, signs and halves of characters', { ...call, model: 'a b%\n-', provider: '-', call: 'ä/é 𝕏' }],
  ])('gives back %s', (_, given) => {
    const fields = madeField('1.1', given);
    expect(Object.keys(fields)).toEqual(['made:1.1']);
    expect(readCall(stored(fields))).toEqual(given);
  });

  it.each<[string, StoredAttempt]>([
    ['an attempt under way', { startMs: 0, worker: 'host-1', end: null }],
    ['an attempt of an unknown worker', { startMs: 7, worker: null, end: null }],
    [
      'an attempt to repeat',
      {
        startMs: 7,
        worker: 'host-1',
        end: { tookMs: 9, outcome: 'retry', code: 'provider_unavailable', retryable: true, retryInMs: 500 },
      },
    ],
    [
      'a completed attempt',
      {
        startMs: 7,
        worker: 'host-1',
        end: { tookMs: 9, outcome: 'completed', code: null, retryable: false, retryInMs: null },
      },
    ],
  ])('gives back %s', (_, given) => {
    expect(readAttempt(stored(attemptField(3, given)))).toEqual(given);
  });

  it('gives back when a step ran, and cannot be confused by half a character', () => {
    const step = { attempt: 2, startMs: 5, tookMs: 8 };
    expect(readStepTime(stored(stepTimeField('a/b', step)))).toEqual(step);
    expect(readCall(stored(madeField('1.1', { ...call, model: 'x\ud800' }))).model).toBe('x\ufffd');
  });

  it('has 64 bytes at most for usual names, so that the record stays small', () => {
    const usual = { ...call, startMs: 86_400_000, end: { ...end, tookMs: 120_000, firstTextMs: 2_000 } };
    expect(stored(madeField('1.1', usual)).length).toBeLessThanOrEqual(64);
    expect(stored(madeField('1.1', { ...usual, end: failedEnd })).length).toBeLessThanOrEqual(64);
  });

  it('stands in the record for the first attempt and call, unless it is long; else beside it', () => {
    const long = 'x'.repeat(65);
    expect([timelinePart('ran:1', '5 host'), timelinePart('made:1.1', '5 main')]).toEqual(['record', 'record']);
    expect([timelinePart('ran:1', long), timelinePart('ran:2', '5'), timelinePart('made:1.2', '5')]).toEqual([
      'calls',
      'calls',
      'calls',
    ]);
    expect([timelinePart('at:a', '1 2 3'), timelinePart('status', 'x')]).toEqual(['steps', null]);
  });
});
