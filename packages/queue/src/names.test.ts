import { describe, expect, it } from '@jest/globals';
import { queueJobId, queuePrefix, workersKey } from './names.ts';

describe('names', () => {
  it('keep a queue’s keys in one slot of a Cluster', () => {
    expect(queuePrefix('hold')).toBe('{hold-queue}');
    expect(workersKey('hold')).not.toMatch(/[{}]/);
  });

  it('give BullMQ an id that it takes: no number, no colon, none of its own words', () => {
    expect(queueJobId('job_abc', 12)).toBe('job_abc.12');
    expect(queueJobId('job_abc', 1)).not.toBe(queueJobId('job_abc', 2));
  });
});
