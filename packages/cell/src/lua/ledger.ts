import { calendar } from './calendar.ts';
import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import { names } from './names.ts';
import { record } from './record.ts';

/** The fields that `settleRun` needs. */
export const ledgerFields = [
  'tenant',
  'reserved',
  'spent',
  'open_cost',
  'input_tokens',
  'output_tokens',
  'calls',
  'avoided',
];

/** How long a tenant's daily spend is stored, in seconds. */
const DAY_RETENTION_S = 400 * 86_400;

/**
 * The ledger: what a tenant has reserved and spent. Amounts are whole billionths of a dollar below 2^53: sums are exact.
 * (S2) A tenant's `reserved` is the sum of `reserved` in the records of its open jobs: both change in the same step.
 *
 *   overBudget(tenant, more, inAll, dayBudget, monthBudget)
 *                             which budget `more` would exceed, for a job that would then have `inAll` reserved:
 *                             {'day' | 'month', spent, reserved, why}, or nil. Where both are exceeded, the one that refuses
 *                             for longer. A budget of nil doesn't apply. why:
 *                               'reserved'  it would fit if reservations of other jobs were released
 *                               'spent'     it fits only after the period has ended
 *                               'budget'    it is more than the whole budget
 *   setReserved(job, amount)  sets what is reserved for a job's run; `job` has `tenant` and `reserved`
 *   settleRun(job)            moves the run's reservation to what it has cost by its record, open calls included; `job` has
 *                             `ledgerFields`
 *   `writeRecord` has to follow both.
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
  local over, maxWait
  local function check(period, spent, budget)
    if not budget or spent + reserved + more <= budget then return end
    local why, wait = 'spent', 2
    if inAll > budget then why, wait = 'budget', 3
    elseif spent + inAll <= budget then why, wait = 'reserved', 1 end
    if not over or wait >= maxWait then over, maxWait = {period, int(spent), int(reserved), why}, wait end
  end
  check('day', day, dayBudget)
  check('month', month, monthBudget)
  return over
end

-- Not HINCRBY, which fails beyond int64: after its first write a script must not fail.
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
  -- A run that cost nothing changes no budget.
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
  if not before[1] then redis.call('EXPIRE', key, ${DAY_RETENTION_S}) end
end
`,
};
