import { AttemptError, type CallLimits } from '@holdfast/core';
import { describe, expect, it, jest } from '@jest/globals';
import { silent } from '../../testing/worker.ts';
import { RateLimitPermit } from './rate-limit-permit.ts';

const body = { model: 'sim', messages: [] };
const { signal } = new AbortController();

/** @param waits ms that the lane makes its next calls wait, in turn */
function newPermit(...waits: number[]) {
  const callLimits = {
    acquireCall: jest.fn<CallLimits['acquireCall']>(async () => waits.shift() ?? 0),
    correctCall: jest.fn<CallLimits['correctCall']>(async () => undefined),
    slowDown: jest.fn<CallLimits['slowDown']>(async () => undefined),
  };
  const claim = { jobId: 'job_a', lane: 'default', tokens: 40 };
  return { callLimits, permit: new RateLimitPermit({ claim, callLimits, logger: silent }) };
}

describe('the permit of a lane’s rate limits', () => {
  it('that was taken at dispatch is used by the first call; the next one waits for its own', async () => {
    const { permit, callLimits } = newPermit(1, 1);
    expect(await permit.acquire(body, signal)).toBe(40);
    expect(callLimits.acquireCall).not.toHaveBeenCalled();
    await permit.acquire(body, signal);
    expect(callLimits.acquireCall).toHaveBeenCalledTimes(3);
  });

  it('is given back where no call has used it, once', () => {
    const { permit, callLimits } = newPermit();
    permit.release();
    permit.release();
    expect(callLimits.correctCall.mock.calls).toEqual([['default', 40, 0]]);
  });

  it('is not given back where a call has used it, or none was taken', async () => {
    const used = newPermit();
    await used.permit.acquire(body, signal);
    used.permit.release();
    const none = newPermit();
    none.permit.drop();
    none.permit.release();
    for (const { callLimits } of [used, none]) expect(callLimits.correctCall).not.toHaveBeenCalled();
  });

  it('is corrected by what was used, and stays as it is where that is not known', () => {
    const { permit, callLimits } = newPermit();
    permit.correct(40, { input_tokens: 3, output_tokens: 4 });
    permit.correct(40, null);
    expect(callLimits.correctCall.mock.calls).toEqual([['default', 40, 7]]);
  });

  it('ends its wait when the attempt is stopped', async () => {
    const { permit } = newPermit(60_000);
    await permit.acquire(body, signal);
    const stop = new AbortController();
    const waiting = permit.acquire(body, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});

describe('a provider that asks for a pause', () => {
  const later = new AttemptError('provider_rate_limited', 'Later.', {
    retryable: true,
    retryAfterMs: 2_000,
    provider: 'main',
  });

  it('slows its lane down', () => {
    const { permit, callLimits } = newPermit();
    permit.slowDown(later, ['main']);
    expect(callLimits.slowDown.mock.calls).toEqual([['default', { retryAfterMs: 2_000 }]]);
  });

  it('does not where it is not the lane’s first, or says no time', () => {
    const { permit, callLimits } = newPermit();
    permit.slowDown(later, ['other', 'main']);
    permit.slowDown(later.with({ retryAfterMs: undefined }), ['main']);
    permit.slowDown(new AttemptError('provider_timeout', 'Slow.', { retryAfterMs: 5 }), ['main']);
    expect(callLimits.slowDown).not.toHaveBeenCalled();
  });
});
