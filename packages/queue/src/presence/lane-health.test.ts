import { describe, expect, it } from '@jest/globals';
import { healthOfLane } from './lane-health.ts';
import type { BreakerStatus } from './worker-status.ts';

const closed: BreakerStatus = {
  lane: 'default',
  provider: 'main',
  state: 'closed',
  failures: 0,
  errorCode: null,
  openedAtMs: null,
  retryAtMs: null,
};
const failing = (retryAtMs: number): BreakerStatus => ({
  ...closed,
  state: 'open',
  failures: 5,
  errorCode: 'provider_unavailable',
  openedAtMs: 1,
  retryAtMs,
});
const halfOpen: BreakerStatus = { ...failing(5), state: 'half_open', retryAtMs: null };

const healthOf = (...breakers: BreakerStatus[]) =>
  healthOfLane(
    'default',
    ['main'],
    breakers.map((breaker) => ({ breakers: [breaker] })),
  )[0];

describe('the health of a provider', () => {
  it('is unknown where no worker serves the lane', () => {
    expect(healthOf()).toMatchObject({ state: 'unknown', workers: 0, retryAtMs: null });
    expect(healthOf({ ...closed, lane: 'other' })).toMatchObject({ state: 'unknown' });
    expect(healthOf({ ...closed, provider: 'other' })).toMatchObject({ state: 'unknown' });
  });

  it('is good where all breakers are closed, whatever has failed before', () => {
    expect(healthOf(closed, { ...closed, errorCode: 'provider_stream_cut' })).toEqual({
      provider: 'main',
      state: 'healthy',
      openOn: 0,
      workers: 2,
      errorCode: 'provider_stream_cut',
      retryAtMs: null,
    });
  });

  it('is bad where one is open; calls go through on the others now', () => {
    expect(healthOf(closed, failing(900), halfOpen)).toMatchObject({
      state: 'failing',
      openOn: 1,
      workers: 3,
      errorCode: 'provider_unavailable',
      retryAtMs: null,
    });
  });

  it('says when the first call goes through where all are open', () => {
    expect(healthOf(failing(900), failing(700))).toMatchObject({ state: 'failing', openOn: 2, retryAtMs: 700 });
  });

  it('is recovering where none is open and one is half-open', () => {
    expect(healthOf(closed, halfOpen)).toMatchObject({ state: 'recovering', openOn: 0, retryAtMs: null });
  });

  it('is told for each provider of the lane, in its order', () => {
    const names = healthOfLane('default', ['second', 'main'], [{ breakers: [closed] }]).map(({ provider }) => provider);
    expect(names).toEqual(['second', 'main']);
  });
});
