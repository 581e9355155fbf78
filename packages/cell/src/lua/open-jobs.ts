import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * Pages of `open` by (time of creation, id). The cost of a page depends neither on how many jobs are open nor on how many were
 * created at the same time.
 *
 *   openPage(from, after, limit)  the page after the job `after` (created at `from`; '' for the first page): ids and times, flat;
 *                                 and {time, id} of its last job, {'', ''} where it is the last page
 */
export const openJobs: Fragment = {
  name: 'open jobs',
  needs: [names],
  lua: `
local function openPage(from, after, limit)
  local open, start = C .. 'open', 0
  if after ~= '' then
    local rank = redis.call('ZRANK', open, after)
    start = rank and rank + 1 or redis.call('ZCOUNT', open, '-inf', '(' .. from)
  end
  local page = redis.call('ZRANGE', open, start, start + limit - 1, 'WITHSCORES')
  if #page < 2 * limit then return page, {'', ''} end
  return page, {page[#page], page[#page - 1]}
end
`,
};
