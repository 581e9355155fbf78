import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * The sliding minute, in slots of 100 ms.
 *
 *   readMinute(tenant)     drops the slots that have left the minute; returns how many requests are in it, and the ms until the
 *                          oldest of them leaves it
 *   countInMinute(tenant)  counts one request
 *
 * A slot leaves when its last moment is 60 s ago, so that no 60 s have more requests than the limit. There are never more than 602
 * slots, whatever the limit; the price is that a request may be admitted up to 100 ms late.
 */
export const minute: Fragment = {
  name: 'minute',
  needs: [names, clock],
  lua: `
local function readMinute(tenant)
  local key = tenantKey(tenant) .. ':minute'
  local slot = math.floor(now / 100)
  local total, first = unpack(redis.call('HMGET', key, 'total', 'first'))
  if not total then return 0, 0 end
  total, first = tonumber(total), tonumber(first)
  local before = first
  while total > 0 and first <= slot do
    local count = redis.call('HGET', key, first)
    if count then
      if first > slot - 601 then break end
      total = total - tonumber(count)
      redis.call('HDEL', key, first)
    end
    first = first + 1
  end
  if total <= 0 then
    redis.call('DEL', key)
    return 0, 0
  end
  if first ~= before then redis.call('HSET', key, 'total', total, 'first', first) end
  return total, (first + 601) * 100 - now
end

local function countInMinute(tenant)
  local key = tenantKey(tenant) .. ':minute'
  redis.call('HSETNX', key, 'first', math.floor(now / 100))
  -- Never before the first slot: if Redis' clock was set back, such a slot would be counted and never dropped.
  local slot = math.max(math.floor(now / 100), tonumber(redis.call('HGET', key, 'first')))
  redis.call('HINCRBY', key, 'total', 1)
  redis.call('HINCRBY', key, slot, 1)
  redis.call('PEXPIRE', key, 61000)
end
`,
};
