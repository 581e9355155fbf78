/** The way from a group of failures to its jobs. */
import type { FailureGroup, Range } from '@holdfast/admin';
import type { SearchParams } from '../../search-params.ts';

/** The list of jobs knows no provider, and a month only as "ever". */
export function jobsSearch({ code, lane }: FailureGroup, range: Range): SearchParams {
  const search: SearchParams = { status: 'failed', error_code: code };
  if (lane !== null) search.lane = lane;
  if (range !== '30d') search.within = range;
  return search;
}
