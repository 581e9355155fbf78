import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * Pages of a set by (score, member), and of `open` by (time of creation, id). The cost of a page depends neither on how many members
 * there are nor on how many have the same score.
 *
 *   pageOf(set, from, after, limit)
 *                                 the page after the member `after` with the score `from`; '' for the first page
 *   openPage(from, after, limit)  the page after the job `after` (created at `from`; '' for the first page): ids and times, flat;
 *                                 and {time, id} of its last job, {'', ''} where it is the last page
 */
export const openJobs: Fragment = {
  name: 'open jobs',
  needs: [names],
  lua: `
local function pageOf(set, from, after, limit)
  local start = 0
  if after ~= '' then
    local rank = redis.call('ZRANK', set, after)
    start = rank and rank + 1 or redis.call('ZCOUNT', set, '-inf', '(' .. from)
  end
  local page = redis.call('ZRANGE', set, start, start + limit - 1, 'WITHSCORES')
  if #page < 2 * limit then return page, {'', ''} end
  return page, {page[#page], page[#page - 1]}
end

local function openPage(from, after, limit) return pageOf(C .. 'open', from, after, limit) end
`,
};
