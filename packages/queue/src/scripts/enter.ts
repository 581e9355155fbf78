import { FeedScript } from './feed-state.ts';

/**
 * Puts a release into its tenant's backlog, or with those that are delayed. What was reserved for its job is used up.
 *
 *   ARGV  …, job id, release id, tenant, tokens, priority, 1 if it has waited before, delay in ms, ms to its deadline or '',
 *         the tenant's jobs at once and weight as 'most weight' or '' for unknown, 1 if these beat what is stored
 *   returns {1, lanes in which its tenant's limits were raised …}; {0} it is there already
 */
export const enterScript = new FeedScript(`
local job, id, tenant, tokens, priority, again, delay, deadline, limits, beat = unpack(ARGV, 3)
redis.call('ZREM', key('reserved', tenant), job)
if redis.call('HEXISTS', JOBS, id) == 1 then return {0} end
local raised = {}
if limits ~= '' then
  local stored = redis.call('HGET', TENANTS, tenant)
  if not stored or (beat == '1' and stored ~= limits) then
    redis.call('HSET', TENANTS, tenant, limits)
    raised = unhold(tenant)
  end
end
redis.call('HSET', JOBS, id, table.concat({tenant, tokens, priority, again, 0}, ' '))
redis.call('HINCRBY', WAITING, tenant, 1)
if deadline ~= '' then redis.call('ZADD', DEADLINES, string.format('%.0f', now + deadline), id) end
if tonumber(delay) > 0 then redis.call('ZADD', DUE, string.format('%.0f', now + delay), id)
else wait(id, tenant, tonumber(priority), again) end
return {1, unpack(raised)}
`);
