/**
 * How a reservation is kept, in a hash by job id: its nonce; billionths of a dollar that are set aside; how many have been let
 * in for it and not given it back; the newest attempt that has raised it, or 0.
 */
export const reservation = `
local function readReservation(key, job)
  local known = redis.call('HGET', key, job)
  if not known then return nil end
  return string.match(known, '^(%S+) (%d+) (%d+) (%d+)$')
end

local function writeReservation(key, job, nonce, kept, holders, attempt)
  redis.call('HSET', key, job, table.concat({nonce, kept, string.format('%d', holders), attempt}, ' '))
end

local function endReservation(ledger, key, due, job, kept)
  redis.call('HDEL', key, job)
  redis.call('ZREM', due, job)
  redis.call('HINCRBY', ledger, 'reserved', string.format('%.0f', 0 - kept))
end
`;
