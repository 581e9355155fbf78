import { describe, expect, it } from '@jest/globals';
import { queueJobId, queuePrefix, releaseOf, workersKey } from './names.ts';

describe('names', () => {
  it('keep a queue’s keys in one slot of a Cluster', () => {
    expect(queuePrefix('hold')).toBe('{hold-queue}');
    expect(workersKey('hold')).not.toMatch(/[{}]/);
  });

  it('give BullMQ an id that it takes: no number, no colon, none of its own words', () => {
    expect(queueJobId({ jobId: 'job_abc', release: 12 })).toBe('job_abc.12');
    expect(releaseOf('job_abc.12')).toEqual({ jobId: 'job_abc', release: 12 });
  });
});
