/**
 * \`overBudget(ledger, more, inAll, dayBudget, monthBudget)\`: which budget so much more, in billionths of a dollar, would
 * overrun, for a job that would then have \`inAll\` set aside: {'day' | 'month', spent, set aside, why}, or nil. Of two the one
 * that is in the way for longer. A budget of nil is none. Needs the clock's \`time\` and the calendar.
 *
 *   why  'reserved'  there would be room but for what is only set aside
 *        'spent'     what is spent is in the way until the period ends
 *        'budget'    it is more than the whole budget
 */
export const budgets = `
local function overBudget(ledger, more, inAll, dayBudget, monthBudget)
  if not (dayBudget or monthBudget) then return nil end
  local today = dateOf(time[1])
  local values = redis.call('HMGET', ledger, 'reserved', today .. ':usd', string.sub(today, 1, 7) .. ':usd')
  local reserved, day, month = tonumber(values[1] or 0), tonumber(values[2] or 0), tonumber(values[3] or 0)
  local over, longest
  local function look(period, spent, budget)
    if not budget or spent + reserved + more <= budget then return end
    local why, wait = 'spent', 2
    if inAll > budget then why, wait = 'budget', 3
    elseif spent + inAll <= budget then why, wait = 'reserved', 1 end
    if not over or wait >= longest then over, longest = {period, spent, reserved, why}, wait end
  end
  look('day', day, dayBudget)
  look('month', month, monthBudget)
  return over
end
`;
