import { calendar } from './calendar.ts';
import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import { names } from './names.ts';
import { record } from './record.ts';

/** What `settleRun` looks at. */
export const ledgerFields = [
  ...['tenant', 'reserved', 'spent', 'open_cost', 'input_tokens', 'output_tokens', 'calls', 'avoided'],
];

/** A tenant's days of spend are kept for so long, in seconds. */
const DAYS_KEPT_S = 400 * 86_400;

/**
 * The ledger: what a tenant has reserved and spent. Amounts are whole billionths of a dollar below 2^53: sums are exact.
 * (S2) A tenant's `reserved` is the sum of `reserved` in the records of its open jobs: both change in the same step.
 *
 *   overBudget(tenant, more, inAll, dayBudget, monthBudget)
 *                             which budget `more` would overrun, for a job that would then have `inAll` reserved:
 *                             {'day' | 'month', spent, reserved, why}, or nil. Of two the one that is in the way for longer.
 *                             A budget of nil is none. why:
 *                               'reserved'  there would be room but for what is only reserved
 *                               'spent'     what is spent is in the way until the period ends
 *                               'budget'    it is more than the whole budget
 *   setReserved(job, amount)  what is reserved for a job's run from now on; `job` has `tenant` and `reserved`
 *   settleRun(job)            moves the run's reservation to what its record says that it has cost, open calls included;
 *                             `job` has `ledgerFields`
 *   After both `writeRecord` is to follow.
 */
export const ledger: Fragment = {
  name: 'ledger',
  needs: [names, clock, calendar, record],
  lua: `
local function spentInPeriods(tenant)
  local today = dateOf(seconds)
  local values = redis.call('HMGET', tenantKey(tenant), 'reserved', 'day', 'day_usd', 'month', 'month_usd')
  local day = values[2] == today and tonumber(values[3]) or 0
  local month = values[4] == string.sub(today, 1, 7) and tonumber(values[5]) or 0
  return today, tonumber(values[1] or 0), day, month
end

local function overBudget(tenant, more, inAll, dayBudget, monthBudget)
  if not (dayBudget or monthBudget) then return nil end
  local _, reserved, day, month = spentInPeriods(tenant)
  local over, longest
  local function look(period, spent, budget)
    if not budget or spent + reserved + more <= budget then return end
    local why, wait = 'spent', 2
    if inAll > budget then why, wait = 'budget', 3
    elseif spent + inAll <= budget then why, wait = 'reserved', 1 end
    if not over or wait >= longest then over, longest = {period, int(spent), int(reserved), why}, wait end
  end
  look('day', day, dayBudget)
  look('month', month, monthBudget)
  return over
end

-- Not HINCRBY: that fails beyond int64, and this must not.
local function add(key, field, amount)
  if amount == 0 then return end
  local sum = (tonumber(redis.call('HGET', key, field) or nil) or 0) + amount
  redis.call('HSET', key, field, int(math.max(0, math.min(MAX, sum))))
end

local function setReserved(job, amount)
  amount = math.max(0, amount)
  local before = num(job.reserved) or 0
  if amount == before then return end
  add(tenantKey(job.tenant), 'reserved', amount - before)
  setField(job, 'reserved', int(amount))
end

local dayFields = {'jobs', 'usd', 'input_tokens', 'output_tokens', 'calls', 'avoided'}

local function settleRun(job)
  local function amount(field) return math.max(0, num(job[field]) or 0) end
  local usd, own, tenant = math.min(MAX, amount('spent') + amount('open_cost')), amount('reserved'), job.tenant
  local today, reserved, day, month = spentInPeriods(tenant)
  if own > 0 then setField(job, 'reserved', 0) end
  -- What costs nothing changes no budget.
  if own > 0 or usd > 0 then
    redis.call('HSET', tenantKey(tenant), 'reserved', int(math.max(0, reserved - own)),
      'day', today, 'day_usd', int(math.min(MAX, day + usd)),
      'month', string.sub(today, 1, 7), 'month_usd', int(math.min(MAX, month + usd)))
  end
  local key = tenantKey(tenant) .. ':day:' .. today
  local before = redis.call('HMGET', key, unpack(dayFields))
  local more, changes = {1, usd, amount('input_tokens'), amount('output_tokens'), amount('calls'), amount('avoided')}, {}
  for at, field in ipairs(dayFields) do
    changes[2 * at - 1] = field
    changes[2 * at] = int(math.min(MAX, (num(before[at] or nil) or 0) + more[at]))
  end
  redis.call('HSET', key, unpack(changes))
  if not before[1] then redis.call('EXPIRE', key, ${DAYS_KEPT_S}) end
end
`,
};
