import { describe, expect, it } from '@jest/globals';
import { StopSignal } from './stop-signal.ts';

describe('StopSignal', () => {
  it('aborts with the first reason and keeps it', () => {
    const stop = new StopSignal();
    expect([stop.reason, stop.signal.aborted]).toEqual([null, false]);
    stop.stop('cancelled');
    stop.stop('deadline');
    stop.stop('fenced');
    expect([stop.reason, stop.signal.aborted]).toEqual(['cancelled', true]);
    expect(String(stop.signal.reason)).toContain('cancelled');
  });
});
