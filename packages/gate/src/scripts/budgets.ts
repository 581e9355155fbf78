/**
 * \`overBudget(ledger, amount, dayBudget, monthBudget)\`: which budget so much more, in billionths of a dollar, would overrun:
 * {'day' | 'month', spent, set aside}, or nil. A budget of nil is none. Needs the clock's \`time\` and the calendar.
 */
export const budgets = `
local function overBudget(ledger, amount, dayBudget, monthBudget)
  if not (dayBudget or monthBudget) then return nil end
  local today = dateOf(time[1])
  local values = redis.call('HMGET', ledger, 'reserved', today .. ':usd', string.sub(today, 1, 7) .. ':usd')
  local reserved, day, month = tonumber(values[1] or 0), tonumber(values[2] or 0), tonumber(values[3] or 0)
  if dayBudget and day + reserved + amount > dayBudget then return {'day', day, reserved} end
  if monthBudget and month + reserved + amount > monthBudget then return {'month', month, reserved} end
  return nil
end
`;
