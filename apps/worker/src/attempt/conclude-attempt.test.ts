import { AttemptError, defaultRetryPolicy } from '@holdfast/core';
import { JournalRefusal } from '@holdfast/journal';
import { describe, expect, it } from '@jest/globals';
import type { AttemptResult } from './attempt-result.ts';
import { type AttemptFacts, concludeAttempt } from './conclude-attempt.ts';
import type { StopReason } from './stop-signal.ts';

const request = { task: 'chat.completions', input: {} };

function facts(change: Partial<Omit<AttemptFacts, 'claim'>> & { claim?: Partial<AttemptFacts['claim']> } = {}) {
  const { claim, ...rest } = change;
  return {
    claim: { attempt: 1, failures: 0, request, ...claim },
    lastError: null,
    possiblyCharged: false,
    providers: ['main', 'spare'],
    tried: { before: [], failedMidway: null },
    leftMs: Number.POSITIVE_INFINITY,
    retryPolicy: { ...defaultRetryPolicy, maxFailures: 3 },
    random: () => 0,
    ...rest,
  } satisfies AttemptFacts;
}

const down = new AttemptError('provider_unavailable', 'Down.', { retryable: true, provider: 'main' });
const refused = new AttemptError('provider_bad_request', 'No.');
const failed = (error: AttemptError): AttemptResult => ({ kind: 'failed', error });
const stopped = (reason: StopReason): AttemptResult => ({ kind: 'stopped', reason });
const main = { provider: 'main', code: 'provider_unavailable' };
const spare = { provider: 'spare', code: 'provider_unavailable' };

describe('an attempt that was stopped', () => {
  it.each<[StopReason, object]>([
    ['fenced', { kind: 'lost' }],
    ['rolled_back', { kind: 'again' }],
    ['cancelled', { kind: 'cancelled' }],
    ['deadline', { kind: 'failed', error: { code: 'deadline_exceeded' } }],
    ['draining', { kind: 'deferred', error: { code: 'worker_stopped' }, delayMs: 0 }],
    ['yielding', { kind: 'deferred', error: { code: 'provider_unavailable' }, delayMs: 10_000 }],
  ])('because it is %s ends so', (reason, ending) => {
    expect(concludeAttempt(stopped(reason), facts())).toMatchObject(ending);
  });

  it('says at its deadline what its last call said', () => {
    const ending = concludeAttempt(stopped('deadline'), facts({ lastError: down }));
    expect(ending).toMatchObject({ error: { message: expect.stringContaining('Down.') } });
  });

  it('counts as a failure once it has yielded for some minutes', () => {
    const late = facts({ claim: { attempt: 60 }, lastError: down });
    expect(concludeAttempt(stopped('yielding'), late)).toMatchObject({ kind: 'retry', failures: 1 });
  });
});

describe('an attempt that failed', () => {
  it('is retried after a delay while the policy allows it', () => {
    expect(concludeAttempt(failed(down), facts())).toMatchObject({ kind: 'retry', failures: 1, tried: [] });
    expect(concludeAttempt(failed(down), facts({ claim: { failures: 2 } }))).toEqual({ kind: 'failed', error: down });
  });

  it('fails its job at once where no retry helps', () => {
    expect(concludeAttempt(failed(refused), facts())).toEqual({ kind: 'failed', error: refused });
    const final = down.with({ isFinal: true });
    expect(concludeAttempt(failed(final), facts())).toEqual({ kind: 'failed', error: final });
  });

  it('fails its job where a call may have been paid for nothing, and the job’s policy is to fail then', () => {
    const ending = (on_ambiguous: 'fail' | 'retry') =>
      concludeAttempt(failed(down), facts({ possiblyCharged: true, claim: { request: { ...request, on_ambiguous } } }));
    expect([ending('fail').kind, ending('retry').kind]).toEqual(['failed', 'retry']);
  });

  it('fails its job where the retry would come after the deadline, and says why', () => {
    const ending = concludeAttempt(failed(down), facts({ leftMs: 0 }));
    expect(ending).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect(ending).toMatchObject({ error: { message: expect.stringContaining('Down.') } });
  });
});

describe('a provider that failed after readers had some of its text', () => {
  it('is followed by another at once, and asked last', () => {
    const ending = concludeAttempt(failed(down), facts({ tried: { before: [], failedMidway: main } }));
    expect(ending).toMatchObject({ kind: 'retry', delayMs: 0, tried: [main] });
  });

  it('waits with the others once each has failed so', () => {
    const random = () => 0.5;
    const ending = concludeAttempt(failed(down), facts({ random, tried: { before: [spare], failedMidway: main } }));
    expect(ending).toMatchObject({ kind: 'retry', tried: [] });
    expect('delayMs' in ending && ending.delayMs).toBeGreaterThan(0);
  });

  it('fails the job where its policy forbids another provider', () => {
    const claim = { request: { ...request, on_provider_switch: 'fail' as const } };
    const ending = concludeAttempt(failed(down), facts({ claim, tried: { before: [], failedMidway: main } }));
    expect(ending.kind).toBe('failed');
  });
});

describe('an attempt that tried nothing', () => {
  const putBack: AttemptResult = { kind: 'put_back', error: down, delayMs: 5_000, maxAttempts: 60 };

  it('is put back, which is no failure, and fails once that has happened too often', () => {
    expect(concludeAttempt(putBack, facts())).toMatchObject({ kind: 'deferred', delayMs: 5_000 });
    expect(concludeAttempt(putBack, facts({ claim: { attempt: 60 } }))).toEqual({ kind: 'failed', error: down });
  });

  it('leaves the followers’ queue where it was given the lead', () => {
    const ending = concludeAttempt({ ...putBack, leavesFollowers: true }, facts());
    expect(ending).toMatchObject({ kind: 'deferred', leavesFollowers: true });
  });
});

describe('an attempt whose journal refuses it', () => {
  it.each(['fenced', 'ended', 'missing'] as const)('as %s is lost', (code) => {
    const refusal = new JournalRefusal(code, 'No.');
    expect(concludeAttempt({ kind: 'refused', refusal }, facts())).toEqual({ kind: 'lost' });
  });

  it('because a failover rolled it back is run again', () => {
    const refusal = new JournalRefusal('mismatch', 'No.');
    expect(concludeAttempt({ kind: 'refused', refusal }, facts())).toEqual({ kind: 'again' });
  });
});
