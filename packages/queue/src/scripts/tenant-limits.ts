/** Scripts about a tenant: how much it may run, how much it may have waiting. They belong to no lane. */
import { FeedScript } from './feed-state.ts';

/**
 * What a tenant may run.
 *   ARGV  …, tenant, 'most weight'
 *   returns the lanes in which it may run again
 */
export const setTenantLimitsScript = new FeedScript(`
redis.call('HSET', TENANTS, ARGV[3], ARGV[4])
return unhold(ARGV[3])
`);

/**
 * Reserves a place among a tenant's waiting jobs, until the job is enqueued or the reservation lapses.
 *   ARGV  …, tenant, job id, how many may wait, ms until it lapses
 *   returns 1 reserved; 0 as many wait as may
 */
export const reserveQueuedScript = new FeedScript(`
local tenant, job, most, ms = unpack(ARGV, 3)
local reserved = key('reserved', tenant)
redis.call('ZREMRANGEBYSCORE', reserved, '-inf', now)
local waiting = tonumber(redis.call('HGET', WAITING, tenant) or 0)
if not redis.call('ZSCORE', reserved, job) and waiting + redis.call('ZCARD', reserved) >= tonumber(most) then
  return 0
end
redis.call('ZADD', reserved, string.format('%.0f', now + ms), job)
redis.call('PEXPIRE', reserved, ms)
return 1
`);

/** ARGV  …, tenant, job id */
export const dropReservationScript = new FeedScript("redis.call('ZREM', key('reserved', ARGV[3]), ARGV[4])");
