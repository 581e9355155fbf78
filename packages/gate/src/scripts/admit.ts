import { Script } from '@holdfast/redis';
import { budgets } from './budgets.ts';
import { calendar, clock } from './clock.ts';
import { minute } from './minute.ts';
import { reservation } from './reservation.ts';

/**
 * Lets a job in, or says why not: requests in the last minute, then the day's and the month's budget. What it may cost is
 * set aside in the same step, so that jobs that come at once can't all count on the same dollar. A job that has been let
 * in and not settled yet is known: it counts for nothing again, and has one holder more, who has as long as the first.
 *
 *   KEYS  minute, ledger, reservations, reserved
 *   ARGV  job id, nonce, billionths of a dollar to set aside or '' (no price: no budget refuses it), requests a minute or
 *         '', the day's budget or '', the month's budget or '', ms until the reservation is looked after
 *   returns {'admitted', nonce that is in force, requests in the minute, ms until the oldest leaves it}
 *           {'requests', '', requests in the minute, ms …}
 *           {'day' | 'month', '', requests in the minute, ms …, spent, reserved, now in ms, why}  see `budgets.ts`
 */
export const admitScript = new Script(`${clock}${calendar}${budgets}${minute}${reservation}
local job, nonce, amount = ARGV[1], ARGV[2], tonumber(ARGV[3])
local perMinute, dayBudget, monthBudget = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local used, leavesIn = 0, 0
if perMinute then used, leavesIn = readMinute(KEYS[1]) end

local before, kept, holders, attempt = readReservation(KEYS[3], job)
if before then
  writeReservation(KEYS[3], job, before, kept, holders + 1, attempt)
  redis.call('ZADD', KEYS[4], nowMs + ARGV[7], job)
  return {'admitted', before, used, leavesIn}
end
if perMinute and used >= perMinute then return {'requests', '', used, leavesIn} end

local over = amount and overBudget(KEYS[2], amount, amount, dayBudget, monthBudget)
if over then return {over[1], '', used, leavesIn, over[2], over[3], nowMs, over[4]} end

kept = string.format('%.0f', amount or 0)
writeReservation(KEYS[3], job, nonce, kept, 1, 0)
redis.call('ZADD', KEYS[4], nowMs + ARGV[7], job)
redis.call('HINCRBY', KEYS[2], 'reserved', kept)
if perMinute then
  countInMinute(KEYS[1])
  used, leavesIn = readMinute(KEYS[1])
end
return {'admitted', nonce, used, leavesIn}
`);
