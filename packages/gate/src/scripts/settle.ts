import { Script } from '@holdfast/redis';
import { calendar, clock } from './clock.ts';

/**
 * Ends a reservation: what was set aside is free again, and what was spent is added to the day and the month that Redis'
 * clock says. One step, and only for the nonce in force: a second settlement, or one of an earlier run, does nothing.
 * With the first entry of a day the fields of days more than 400 days old go.
 *
 *   KEYS  ledger, reservations, reserved
 *   ARGV  job id, nonce, billionths of a dollar, input tokens, output tokens, calls, billionths that were avoided
 *   returns 1 settled, 0 there was nothing to settle
 */
export const settleScript = new Script(`${clock}${calendar}
local known = redis.call('HGET', KEYS[2], ARGV[1])
if not known then return 0 end
local nonce, kept = string.match(known, '^(%S+) (%d+) %d+$')
if nonce ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'reserved', string.format('%.0f', 0 - kept))

local today = dateOf(time[1])
if redis.call('HINCRBY', KEYS[1], today .. ':jobs', 1) == 1 then
  local oldest = dateOf(time[1] - 400 * 86400)
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if field < oldest then redis.call('HDEL', KEYS[1], field) end
  end
end
redis.call('HINCRBY', KEYS[1], today .. ':usd', ARGV[3])
redis.call('HINCRBY', KEYS[1], today .. ':input_tokens', ARGV[4])
redis.call('HINCRBY', KEYS[1], today .. ':output_tokens', ARGV[5])
redis.call('HINCRBY', KEYS[1], today .. ':calls', ARGV[6])
redis.call('HINCRBY', KEYS[1], today .. ':avoided', ARGV[7])
redis.call('HINCRBY', KEYS[1], string.sub(today, 1, 7) .. ':usd', ARGV[3])
return 1
`);

/**
 * Gives back what some holders have been let in for: the last one's going frees what was set aside.
 *
 *   KEYS  ledger, reservations, reserved
 *   ARGV  job id, nonce, how many holders go
 *   returns 1 the reservation is gone, 0 it isn't, or wasn't there
 */
export const giveBackScript = new Script(`
local known = redis.call('HGET', KEYS[2], ARGV[1])
if not known then return 0 end
local nonce, kept, holders = string.match(known, '^(%S+) (%d+) (%d+)$')
if nonce ~= ARGV[2] then return 0 end
if holders - ARGV[3] > 0 then
  redis.call('HSET', KEYS[2], ARGV[1], string.format('%s %s %d', nonce, kept, holders - ARGV[3]))
  return 0
end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HINCRBY', KEYS[1], 'reserved', string.format('%.0f', 0 - kept))
return 1
`);
