import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import { ledger } from './ledger.ts';
import { minute } from './minute.ts';
import { names } from './names.ts';

/**
 * Whether a job is admitted, for its first run or a retry.
 *
 *   refusal(tenant, {estimate, perMinute, day, month, maxQueued})
 *       returns nil, requests in the minute, ms until the oldest leaves it; or, instead of nil,
 *       {'queued' | 'requests'} or {'day' | 'month', spent, reserved, now, why}: see `ledger`. Changes nothing.
 *   admit(job, {estimate, perMinute, …})
 *       counts the request and reserves the job's estimate (`setReserved`); returns the minute as it is then
 *
 * An estimate of nil: no price is known, and no budget refuses the job. A limit of nil doesn't apply.
 */
export const admission: Fragment = {
  name: 'admission',
  needs: [names, clock, minute, ledger],
  lua: `
local function refusal(tenant, limits)
  local used, resetIn = 0, 0
  if limits.perMinute then used, resetIn = readMinute(tenant) end
  if limits.maxQueued and tonumber(redis.call('HGET', sched('waiting'), tenant) or 0) >= limits.maxQueued then
    return {'queued'}, used, resetIn
  end
  if limits.perMinute and used >= limits.perMinute then return {'requests'}, used, resetIn end
  local over = limits.estimate and overBudget(tenant, limits.estimate, limits.estimate, limits.day, limits.month)
  if over then return {over[1], over[2], over[3], int(now), over[4]}, used, resetIn end
  return nil, used, resetIn
end

local function admit(job, limits)
  setReserved(job, limits.estimate or 0)
  if not limits.perMinute then return 0, 0 end
  countInMinute(job.tenant)
  return readMinute(job.tenant)
end
`,
};
