import { describe, expect, it } from '@jest/globals';
import { filterFault, filterIn, jobFilter, jobQuery } from './job-filter.ts';

const NOW = Date.parse('2026-11-28T12:00:30Z');

describe('the filter of the job list', () => {
  it('is read from the address; what is no filter, or is empty, does not count', () => {
    const search = { status: 'failed', tenant: 'acme', task: '', cursor: 'c1', other: 'x', 'metadata.user': '7' };
    expect(filterIn(search)).toEqual({ 'metadata.user': '7', status: 'failed', tenant: 'acme' });
    expect(jobFilter(search, NOW)).toEqual({ status: 'failed', tenant: 'acme', metadata: { user: '7' } });
  });

  it('is sent as a query with the page, and metadata by its names', () => {
    expect(jobQuery({ 'metadata.user': '7', cursor: 'c1' }, NOW)).toEqual({
      'metadata.user': '7',
      limit: 50,
      cursor: 'c1',
    });
  });

  it('moves with the clock by whole minutes', () => {
    expect(jobFilter({ within: '1h' }, NOW)).toEqual({ created_from: '2026-11-28T11:00:00.000Z' });
    expect(jobFilter({ within: '1h' }, NOW + 20_000)).toEqual(jobFilter({ within: '1h' }, NOW));
  });

  it('leaves out what the server would refuse', () => {
    expect(jobFilter({ status: 'lost', within: '2y', created_from: 'soon' }, NOW)).toEqual({});
  });

  it('says that a key needs its tenant', () => {
    expect(filterFault({ key: 'order-1' })).toContain('tenant');
    expect(filterFault({ key: 'order-1', tenant: 'acme' })).toBeNull();
  });
});
