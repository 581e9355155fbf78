/** How much of a fault each form has. */
import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../faults/fault.ts';
import { freezeWorker } from '../faults/freeze-worker.ts';
import { killWorker } from '../faults/kill-worker.ts';
import { doseOf } from './sizes.ts';

const load = { jobs: 500, perSecond: 10, tokens: [20, 60], itlMs: 30 } as const;
const { name, does, workers, recovery, inject } = killWorker;
const short: Fault = { name, does, workers, recovery, inject, load, every: [2_000, 3_000] };

describe('the short form', () => {
  it('has ten seconds of the load, at the same rate', () => {
    expect(doseOf(short, 'short')).toEqual({ load: { ...load, jobs: 100 }, every: [2_000, 3_000] });
  });

  it('lasts until the fault has been injected once, whatever the dice', () => {
    const rare: Fault = { ...freezeWorker, load, every: [18_000, 20_000] };
    expect(doseOf(rare, 'short').load.jobs / load.perSecond).toBeGreaterThan(20);
  });

  it('never has more jobs than the usual form', () => {
    expect(doseOf({ ...short, load: { ...load, jobs: 40 } }, 'short').load.jobs).toBe(40);
  });
});

describe('the long form', () => {
  it("is the fault's long dose, or the usual dose where it has none", () => {
    const long = { load: { ...load, jobs: 5_000 }, every: [1_000, 1_500], holdMs: 40_000 } as const;
    expect(doseOf({ ...short, long }, 'long')).toEqual(long);
    expect(doseOf(short, 'long')).toEqual(doseOf(short, 'usual'));
  });
});
