import { CellKeys } from '@holdfast/cell';
import { describe, expect, it } from '@jest/globals';
import { queueJobId, releaseOf, workersKey } from './names.ts';

describe('names', () => {
  it('keep a queue’s keys in the slot of its cell, and the workers’ in none', () => {
    const { base, bull } = new CellKeys('hold', '0');
    expect(base).toBe('{hold:0}:');
    expect(bull.startsWith(base)).toBe(true);
    expect(workersKey('hold')).not.toMatch(/[{}]/);
  });

  it('give BullMQ an id that it accepts: not a number, without a colon, not one of its own words', () => {
    expect(queueJobId({ jobId: 'job_abc', release: 12 })).toBe('job_abc.12');
    expect(releaseOf('job_abc.12')).toEqual({ jobId: 'job_abc', release: 12 });
  });
});

describe('a release', () => {
  it('is read from its name, for any id of its job', () => {
    for (const release of [
      { jobId: 'job_a.b', release: 3 },
      { jobId: 'job_a', release: 9_007_199_254_740_991 },
    ]) {
      expect(releaseOf(queueJobId(release))).toEqual(release);
    }
  });
});
