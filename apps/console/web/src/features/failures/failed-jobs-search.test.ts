import { type Range, ranges } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { filterFault, filterIn, jobFilter } from '../jobs/job-filter.ts';
import { jobsSearch } from './failed-jobs-search.ts';

const group = { code: 'provider_timeout', provider: 'openai', lane: 'main', count: 3, newest: [] };
const NOW = Date.parse('2026-11-28T12:00:00Z');
const filterFor = (range: Range, lane: string | null) => jobFilter(jobsSearch({ ...group, lane }, range), NOW);

describe('the jobs of a group of failures', () => {
  it('are searched by what the list of jobs can compare', () => {
    for (const range of ranges) {
      const search = jobsSearch(group, range);
      expect(filterIn(search)).toEqual(search);
      expect(filterFault(search)).toBeNull();
    }
  });

  it('failed with its code, in its lane and time', () => {
    expect(filterFor('24h', 'main')).toEqual({
      status: 'failed',
      error_code: 'provider_timeout',
      lane: 'main',
      created_from: '2026-11-27T12:00:00.000Z',
    });
    expect(filterFor('30d', null)).toEqual({ status: 'failed', error_code: 'provider_timeout' });
  });
});
