import { Script } from '@holdfast/redis';
import { budgets } from './budgets.ts';
import { calendar, clock } from './clock.ts';
import { reservation } from './reservation.ts';

/**
 * Sets more aside for a job that was let in, where the budgets have room for it. Where they have none, what it needs without
 * the call is kept, and the rest is free for others: jobs that wait for one another's reservations would all wait for ever.
 * A reservation that isn't in force is left alone: its job has ended, or Redis has lost it, and made anew it would be settled
 * twice or never.
 *
 *   KEYS  ledger, reservations
 *   ARGV  job id, nonce, attempt, billionths of a dollar that are to be set aside in all, those that are to be kept where they
 *         can't be, the day's budget or '', the month's budget or ''
 *   returns {'raised'} so much is set aside, or more was already
 *           {'unknown'} this reservation isn't in force, or a later attempt has raised it
 *           {'day' | 'month', spent, reserved, now in ms, why (`budgets.ts`)} as it was before anything was given back
 */
export const raiseScript = new Script(
  `${clock}${calendar}${budgets}${reservation}
local nonce, kept, holders, attempt = readReservation(KEYS[2], ARGV[1])
if nonce ~= ARGV[2] or attempt - ARGV[3] > 0 then return {'unknown'} end
local function set(amount)
  writeReservation(KEYS[2], ARGV[1], nonce, amount, holders, ARGV[3])
  redis.call('HINCRBY', KEYS[1], 'reserved', string.format('%.0f', amount - kept))
end
local more = ARGV[4] - kept
if more <= 0 then
  set(kept)
  return {'raised'}
end
local over = overBudget(KEYS[1], more, tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7]))
if not over then
  set(ARGV[4])
  return {'raised'}
end
set(ARGV[5] - kept < 0 and ARGV[5] or kept)
return {over[1], over[2], over[3], nowMs, over[4]}
`,
  // A job under way goes on while Redis is full, and its budget holds.
  { whenFull: true },
);
