import { GONE_AFTER_MS } from '../presence.ts';
import { FeedScript } from './feed-state.ts';

/**
 * Says how many jobs at once a worker takes, and sums up who is there. Without another word the sum stays: where the last
 * worker is gone, a lane full of releases waits in BullMQ for the next.
 *
 *   ARGV  …, worker, jobs at once (0: it takes no more)
 */
export const capacityScript = new FeedScript(`
local workers, sum = key('workers'), 0
redis.call('HSET', workers, ARGV[3], ARGV[4] .. ' ' .. string.format('%.0f', now))
local all = redis.call('HGETALL', workers)
for at = 1, #all, 2 do
  local takes, seen = string.match(all[at + 1], '^(%S+) (%S+)$')
  if tonumber(takes) == 0 or tonumber(seen) < now - ${GONE_AFTER_MS} then redis.call('HDEL', workers, all[at])
  else sum = sum + takes end
end
redis.call('HSET', KEYS[1], 'capacity', sum)
`);
