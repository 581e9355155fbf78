import { Script } from '@holdfast/redis';
import { budgets } from './budgets.ts';
import { calendar, clock } from './clock.ts';

/**
 * Sets more aside for a job that was let in, where the budgets have room for it. Where they have none, what it needs without
 * the call is kept, and the rest is free for others: jobs that wait for one another's reservations would all wait for ever.
 * A reservation that isn't in force is left alone: its job has ended, or Redis has lost it, and made anew it would be settled
 * twice or never.
 *
 *   KEYS  ledger, reservations
 *   ARGV  job id, nonce, billionths of a dollar that are to be set aside in all, those that are to be kept where they can't be,
 *         the day's budget or '', the month's budget or ''
 *   returns {'raised'} so much is set aside, or more was already
 *           {'unknown'} this reservation isn't in force
 *           {'day' | 'month', spent, reserved, now in ms, why (`budgets.ts`)} as it was before anything was given back
 */
export const raiseScript = new Script(
  `${clock}${calendar}${budgets}
local known = redis.call('HGET', KEYS[2], ARGV[1])
if not known then return {'unknown'} end
local nonce, kept, holders = string.match(known, '^(%S+) (%d+) (%d+)$')
if nonce ~= ARGV[2] then return {'unknown'} end
local function set(amount)
  redis.call('HSET', KEYS[2], ARGV[1], nonce .. ' ' .. amount .. ' ' .. holders)
  redis.call('HINCRBY', KEYS[1], 'reserved', string.format('%.0f', amount - kept))
end
local more = ARGV[3] - kept
if more <= 0 then return {'raised'} end
local over = overBudget(KEYS[1], more, tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[6]))
if not over then
  set(ARGV[3])
  return {'raised'}
end
if ARGV[4] - kept < 0 then set(ARGV[4]) end
return {over[1], over[2], over[3], nowMs, over[4]}
`,
  // A job under way goes on while Redis is full, and its budget holds.
  { whenFull: true },
);
