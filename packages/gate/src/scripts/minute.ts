/**
 * The sliding minute, in slots of 100 ms. \`readMinute(key)\` drops the slots that have left it and returns how many were
 * let in since, and in how many ms the oldest of these leaves. \`countInMinute(key)\` counts one.
 *
 * A slot leaves when its last moment is 60 s ago, so that of any 60 s no more than the limit is let in: what comes at
 * most 100 ms too late is the price for at most 602 slots, whatever the limit. Needs the clock's \`nowMs\`.
 */
export const minute = `
local function readMinute(key)
  local slot = math.floor(nowMs / 100)
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
  return total, (first + 601) * 100 - nowMs
end

local function countInMinute(key)
  redis.call('HSETNX', key, 'first', math.floor(nowMs / 100))
  -- Never before the first: were Redis' clock set back, a slot there would be counted and never dropped.
  local slot = math.max(math.floor(nowMs / 100), tonumber(redis.call('HGET', key, 'first')))
  redis.call('HINCRBY', key, 'total', 1)
  redis.call('HINCRBY', key, slot, 1)
  redis.call('PEXPIRE', key, 61000)
end
`;
