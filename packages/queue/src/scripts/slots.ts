/** Scripts about single releases: their slots, and whether the feed knows them. */
import { FeedScript } from './feed-state.ts';

/**
 * Frees a release's slot.
 *   ARGV  …, release id
 *   returns the lanes in which its tenant may run again
 */
export const leaveScript = new FeedScript('return leave(ARGV[3])');

/**
 * Takes a release out that waits or is delayed.
 *   ARGV  …, release id
 *   returns 1 taken out; 2 it has a slot; 0 the feed doesn't know it
 */
export const withdrawScript = new FeedScript(`
if withdraw(ARGV[3]) then
  redis.call('HDEL', JOBS, ARGV[3])
  return 1
end
return redis.call('ZSCORE', SLOTS, ARGV[3]) and 2 or 0
`);

/**
 * Which releases the feed knows: waiting, delayed or with a slot. What only its index knows, it forgets.
 *   ARGV  …, release ids
 *   returns 1 or 0 for each
 */
export const knownScript = new FeedScript(`
local known = {}
for at = 3, #ARGV do
  local id = ARGV[at]
  local tenant = describe(id)
  local found = tenant and (redis.call('ZSCORE', SLOTS, id) or redis.call('ZSCORE', DUE, id)
    or redis.call('ZSCORE', key('backlog', lane .. ':' .. tenant), id))
  if tenant and not found then redis.call('HDEL', JOBS, id) end
  known[#known + 1] = found and 1 or 0
end
return known
`);

/**
 * Gives a release a slot that BullMQ holds though the feed doesn't know it: the feed's keys were lost.
 *   ARGV  …, release id, tenant, tokens, priority
 */
export const adoptScript = new FeedScript(`
local id, tenant, tokens, priority = unpack(ARGV, 3)
if redis.call('HSETNX', JOBS, id, table.concat({tenant, tokens, priority, 1, countsForTenant and 1 or 0}, ' ')) == 0 then return end
redis.call('ZADD', SLOTS, string.format('%.0f', now), id)
if countsForTenant then redis.call('HINCRBY', RUNNING, tenant, 1) end
`);

/**
 * Slots that are to be looked after now; each is looked after again when \`ms\` have passed.
 *   ARGV  …, ms, most
 *   returns release ids
 */
export const slotsToCheckScript = new FeedScript(`
local ids = redis.call('ZRANGEBYSCORE', SLOTS, '-inf', now, 'LIMIT', 0, ARGV[4])
for _, id in ipairs(ids) do redis.call('ZADD', SLOTS, string.format('%.0f', now + ARGV[3]), id) end
return ids
`);
