import { Script } from '@holdfast/redis';
import { calendar, clock } from './clock.ts';
import { reservation } from './reservation.ts';

/**
 * Ends a reservation: what was set aside is free again, and what was spent is added to the day and the month that Redis'
 * clock says. One step, and only for the nonce in force: a second settlement, or one of an earlier run, does nothing.
 * With the first entry of a day the fields of days more than 400 days old go.
 *
 *   KEYS  ledger, reservations, reserved
 *   ARGV  job id, nonce, billionths of a dollar, input tokens, output tokens, calls, billionths that were avoided
 *   returns 1 settled, 0 there was nothing to settle
 */
export const settleScript = new Script(`${clock}${calendar}${reservation}
local nonce, kept = readReservation(KEYS[2], ARGV[1])
if not nonce then return 0 end
if nonce ~= ARGV[2] then return 0 end
endReservation(KEYS[1], KEYS[2], KEYS[3], ARGV[1], kept)

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
export const giveBackScript = new Script(`${reservation}
local nonce, kept, holders, attempt = readReservation(KEYS[2], ARGV[1])
if nonce ~= ARGV[2] then return 0 end
if holders - ARGV[3] > 0 then
  writeReservation(KEYS[2], ARGV[1], nonce, kept, holders - ARGV[3], attempt)
  return 0
end
endReservation(KEYS[1], KEYS[2], KEYS[3], ARGV[1], kept)
return 1
`);
