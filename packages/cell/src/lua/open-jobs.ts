import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * Paging through `open` by (time of creation, id): the cost of a page depends neither on how many are open nor on how many
 * were created at once.
 *
 *   openPage(from, after, most)  the page after the job `after` (created at `from`; '' for the first): ids and times, flat; and
 *                                {time, id} of its last job, {'', ''} where no page comes after it
 */
export const openJobs: Fragment = {
  name: 'open jobs',
  needs: [names],
  lua: `
local function openPage(from, after, most)
  local open, start = C .. 'open', 0
  if after ~= '' then
    local rank = redis.call('ZRANK', open, after)
    start = rank and rank + 1 or redis.call('ZCOUNT', open, '-inf', '(' .. from)
  end
  local page = redis.call('ZRANGE', open, start, start + most - 1, 'WITHSCORES')
  if #page < 2 * most then return page, {'', ''} end
  return page, {page[#page], page[#page - 1]}
end
`,
};
