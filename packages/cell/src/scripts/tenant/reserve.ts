import { clock } from '../../lua/clock.ts';
import { ledger } from '../../lua/ledger.ts';
import { luaList, record } from '../../lua/record.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Reserves more for a run, where the budgets have room for it. Where they have none, what it needs without the call is kept,
 * and the rest is free for others: jobs that wait for one another's reservations would all wait forever.
 *
 *   ARGV  …, id, attempt, token, amount that is to be reserved in all, amount that is to be kept where it can't be,
 *         day's budget or '', month's budget or ''; amounts in billionths of a dollar
 *   returns {'reserved'} so much is reserved, or more was already
 *           {'fenced'}   this attempt may write no more: the journal will refuse its call
 *           {'day' | 'month', spent, reserved, now, why (`ledger`)} as it was before anything was freed
 */
export const reserveScript = new CellScript({
  needs: [clock, record, ledger],
  // A job under way goes on while Redis is full, and its budget holds.
  whenFull: true,
  body: `
local id, attempt, token = ARGV[2], ARGV[3], ARGV[4]
local wanted, kept, day, month = num(ARGV[5]), num(ARGV[6]), num(ARGV[7]), num(ARGV[8])
local job = readRecord(id, ${luaList(['status', 'attempt', 'token', 'tenant', 'reserved', 'spent', 'open_cost'])})
if job.status ~= 'running' or job.attempt ~= attempt or job.token ~= token then return {'fenced'} end
local reserved = num(job.reserved) or 0
local more = wanted - reserved
if more <= 0 then return {'reserved'} end
local over = overBudget(job.tenant, more, wanted, day, month)
if not over then
  setReserved(job, wanted)
  writeRecord(job)
  return {'reserved'}
end
-- The attempt may know of an end of a call that the record has yet to be told: until then that is what has to be covered.
kept = math.max(kept, (num(job.spent) or 0) + (num(job.open_cost) or 0))
if kept < reserved then setReserved(job, kept) end
writeRecord(job)
return {over[1], over[2], over[3], int(now), over[4]}
`,
});
