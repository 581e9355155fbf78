import { FeedScript } from './feed-state.ts';
import { laneLimits } from './lane-limits.ts';

/** Handed to BullMQ, which should know it after so long, in ms; else it is handed over again. */
const LEASE_MS = 2_000;
/** A release past its deadline is a worker's own for so long, in ms. */
const EXPIRED_LEASE_MS = 30_000;
/** Bounds of one run, so that Redis is never busy for long. */
const MOST_AT_ONCE = 100;
const MOST_VISITS = 1_000;

/**
 * The pump: releases what may run.
 *
 *   1. what was delayed and is due goes into its tenant's backlog
 *   2. what is past its deadline goes out past all limits, if the caller can end it
 *   3. deficit round robin: a tenant's turn is as many releases as it has weight. After every release the other ring goes on,
 *      so that newcomers (ring \`new\`) don't wait for old tenants' turns, and a flood of them leaves old tenants half
 *   4. until the lane's slots are taken, or its buckets are empty
 *
 * Only the head of each tenant's backlog is looked at. A tenant that has all its slots leaves the ring until it has one
 * again; one that has nothing to run leaves it at its next turn, not before: or it would come back as a newcomer each time.
 *
 *   ARGV  …, 1 if the caller ends what is past its deadline
 *   returns {released ids, expired ids, ms until something changes by itself or -1, 1 if there is more to do at once}
 */
export const pumpScript = new FeedScript(`${laneLimits}
local released, expired, soonest, more = {}, {}, -1, 0
local function wake(ms) if soonest < 0 or ms < soonest then soonest = ms end end
local function wakeAtHead(set)
  local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if head[2] then wake(math.max(0, head[2] - now)) end
end

local due = redis.call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, ${MOST_AT_ONCE})
for _, id in ipairs(due) do
  redis.call('ZREM', DUE, id)
  local tenant, _, priority, again = describe(id)
  if tenant then wait(id, tenant, tonumber(priority), again) end
end
if #due == ${MOST_AT_ONCE} then more = 1 end
wakeAtHead(DUE)

if ARGV[3] == '1' then
  local passed = redis.call('ZRANGEBYSCORE', DEADLINES, '-inf', now, 'LIMIT', 0, ${MOST_AT_ONCE})
  for _, id in ipairs(passed) do
    redis.call('ZREM', DEADLINES, id)
    if withdraw(id) then
      redis.call('ZADD', SLOTS, string.format('%.0f', now + ${EXPIRED_LEASE_MS}), id)
      expired[#expired + 1] = id
    end
  end
  if #passed == ${MOST_AT_ONCE} then more = 1 end
  wakeAtHead(DEADLINES)
end

readLane()
local free = state.capacity or 0
if state.most > 0 then free = math.min(free, state.most) end
free = state.paused and 0 or math.min(free - redis.call('ZCARD', SLOTS), ${MOST_AT_ONCE})

local CREDIT, NEW, OLD = key('credit'), key('new'), key('old')
local function drop(ring, tenant)
  redis.call('LPOP', ring)
  redis.call('HDEL', CREDIT, tenant)
end
local function toTheEnd(ring, tenant)
  redis.call('LPOP', ring)
  redis.call('RPUSH', OLD, tenant)
end
local function isAlone() return redis.call('LLEN', NEW) + redis.call('LLEN', OLD) == 1 end

local function release(id, tenant, tokens, priority, again)
  redis.call('ZREM', key('backlog', lane .. ':' .. tenant), id)
  redis.call('ZREM', DEADLINES, id)
  redis.call('ZADD', SLOTS, string.format('%.0f', now + ${LEASE_MS}), id)
  redis.call('HSET', JOBS, id, table.concat({tenant, tokens, priority, again, countsForTenant and 1 or 0}, ' '))
  if countsForTenant then redis.call('HINCRBY', RUNNING, tenant, 1) end
  count(WAITING, tenant, -1)
  released[#released + 1] = id
end

-- Returns true once the lane's buckets are empty.
local function visit(ring, tenant)
  local backlog = key('backlog', lane .. ':' .. tenant)
  local id = redis.call('ZRANGE', backlog, 0, 0)[1]
  if not id then return drop(ring, tenant) end
  local most, weight = string.match(redis.call('HGET', TENANTS, tenant) or '0 1', '^(%S+) (%S+)$')
  most, weight = tonumber(most), tonumber(weight)
  if countsForTenant and most > 0 and tonumber(redis.call('HGET', RUNNING, tenant) or 0) >= most then
    drop(ring, tenant)
    redis.call('SADD', key('held', tenant), lane)
    return
  end
  local owner, tokens, priority, again = describe(id)
  if not owner then
    redis.call('ZREM', backlog, id)
    return
  end
  local credit = tonumber(redis.call('HGET', CREDIT, tenant) or 0)
  if credit < 1 then credit = credit + weight end
  if credit < 1 and isAlone() then credit = 1 end
  if credit >= 1 then
    local ms = take(tonumber(tokens))
    if ms > 0 then
      wake(ms)
      return true
    end
    release(id, tenant, tokens, priority, again)
    credit = credit - 1
    state.turn = ring == NEW and 1 or 0
    if ring == NEW or credit < 1 then toTheEnd(ring, tenant) end
  else
    toTheEnd(ring, tenant)
  end
  redis.call('HSET', CREDIT, tenant, string.format('%.6f', credit))
end

local visits, empty = 0, false
while #released < free and not empty and visits < ${MOST_VISITS} do
  local first, second = NEW, OLD
  if state.turn == 1 then first, second = OLD, NEW end
  local ring, tenant = first, redis.call('LINDEX', first, 0)
  if not tenant then ring, tenant = second, redis.call('LINDEX', second, 0) end
  if not tenant then break end
  visits = visits + 1
  empty = visit(ring, tenant)
end
if visits == ${MOST_VISITS} or #released == ${MOST_AT_ONCE} then more = 1 end
if #released > 0 then writeLane() end
return {released, expired, soonest, more}
`);
