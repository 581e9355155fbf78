import { clock } from '../../lua/clock.ts';
import { ledger } from '../../lua/ledger.ts';
import { luaList, record } from '../../lua/record.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Increases the reservation of a run, if the budgets allow it. If not, the reservation is reduced to what the run needs without
 * the call, and the rest is released: otherwise jobs might wait for one another's reservations forever.
 *
 *   ARGV  …, id, attempt, token, amount to reserve in total, amount to keep reserved if that is refused,
 *         day's budget or '', month's budget or ''; amounts in billionths of a dollar
 *   returns {'reserved'} at least the amount is reserved
 *           {'fenced'}   this attempt may no longer write: the journal will refuse its call
 *           {'day' | 'month', spent, reserved, now, why (`ledger`)} as it was before anything was released
 */
export const reserveScript = new CellScript({
  needs: [clock, record, ledger],
  // A running job goes on even when Redis is full, and its budget still applies.
  whenFull: true,
  body: `
local id, attempt, token = ARGV[2], ARGV[3], ARGV[4]
local wanted, least, day, month = num(ARGV[5]), num(ARGV[6]), num(ARGV[7]), num(ARGV[8])
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
-- The attempt may know that a call has ended before the record does. Until then its open cost has to be covered.
least = math.max(least, (num(job.spent) or 0) + (num(job.open_cost) or 0))
if least < reserved then setReserved(job, least) end
writeRecord(job)
return {over[1], over[2], over[3], int(now), over[4]}
`,
});
