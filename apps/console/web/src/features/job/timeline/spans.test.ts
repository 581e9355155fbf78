import type { JobDetails } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { percentAt, scaleOf, spansOf } from './spans.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 28, 12, 0, second)).toISOString();
const ms = (second: number) => Date.parse(at(second));

function job(parts: Partial<JobDetails>): JobDetails {
  return {
    created_at: at(0),
    due_at: null,
    started_at: null,
    finished_at: null,
    timeline: null,
    ...parts,
  } as JobDetails;
}

const call = { attempt: 1, call: '', provider: 'main', model: 'sim', error_code: null, resumed: false };
const timeline = {
  attempts: [
    {
      attempt: 1,
      worker: 'w1',
      started_at: at(2),
      ended_at: at(4),
      outcome: 'retry',
      error_code: 'provider_timeout',
      retry_at: at(6),
    },
    {
      attempt: 2,
      worker: 'w2',
      started_at: at(7),
      ended_at: null,
      outcome: 'running',
      error_code: null,
      retry_at: null,
    },
  ],
  calls: [
    { ...call, started_at: at(3), ended_at: at(4), first_token_at: null, outcome: 'failed' },
    {
      ...call,
      attempt: 2,
      started_at: at(8),
      ended_at: null,
      first_token_at: at(9),
      outcome: 'running',
      resumed: true,
    },
  ],
  steps: [{ step: 'load', attempt: 1, started_at: at(2), ended_at: at(3) }],
} as JobDetails['timeline'];

describe('the spans of a timeline', () => {
  it('go from the wait in the queue through attempts, with their steps and calls, and the waits between', () => {
    const spans = spansOf(job({ started_at: at(2), timeline }));
    expect(spans.map(({ label, start, end }) => [label, start, end])).toEqual([
      ['Wait in the queue', ms(0), ms(2)],
      ['Attempt 1', ms(2), ms(4)],
      ['Step “load”', ms(2), ms(3)],
      ['Provider call', ms(3), ms(4)],
      ['Wait for the retry', ms(4), ms(7)],
      ['Attempt 2', ms(7), null],
      ['Provider call', ms(8), null],
    ]);
    expect(spans.at(-1)).toMatchObject({ firstToken: ms(9), notes: ['sim at main', 'resumed, not paid again'] });
  });

  it('of a job whose attempts are not known are its wait and its run', () => {
    const spans = spansOf(job({ started_at: at(2), finished_at: at(5), status: 'completed' }));
    expect(spans.map(({ label, start, end }) => [label, start, end])).toEqual([
      ['Wait in the queue', ms(0), ms(2)],
      ['Run', ms(2), ms(5)],
    ]);
  });

  it('begin after the delay of a delayed job', () => {
    expect(spansOf(job({ due_at: at(30) }))).toMatchObject([{ start: ms(30), end: null }]);
  });

  it('are placed on a scale that goes on with the clock', () => {
    const scale = scaleOf(spansOf(job({ started_at: at(2), timeline })), ms(10));
    expect(scale).toEqual({ start: ms(0), end: ms(10) });
    expect([percentAt(ms(5), scale), percentAt(ms(20), scale)]).toEqual([50, 100]);
  });
});
