import { laneLimits } from '../lua/lane-limits.ts';
import { runEnd } from '../lua/run-end.ts';
import { scheduler } from '../lua/scheduler.ts';
import { CellScript } from './cell-script.ts';

/** Handed to BullMQ, which should know it after so long, in ms; else it is handed over again. */
const CHECK_AFTER_MS = 2_000;
/** Bounds of one run, so that Redis is never busy for long. */
const MAX_AT_ONCE = 100;
const MAX_EXPIRED = 10;
const MAX_VISITS = 1_000;

/**
 * Gives permits to what may run now.
 *
 *   1. what was delayed and is due goes into its tenant's backlog
 *   2. what is past its deadline fails, a few at a time; no attempt is made for it, and no permit used
 *   3. deficit round robin: a tenant's turn is as many jobs as it has weight. After every job the other ring goes on, so
 *      that newcomers (ring `new`) don't wait for old tenants' turns, and a flood of them leaves old tenants half
 *   4. until the lane's permits are taken, or its buckets are empty
 *
 * Only the head of each tenant's backlog is looked at. A tenant that has all its permits leaves the ring until it has one
 * again; one that has nothing to run leaves it at its next turn, not before: or it would come back as a newcomer each time.
 *
 *   ARGV  …, lane, error (JSON) of jobs past their deadline, retention in ms
 *   returns {ids with release of what may run, ids of what has failed, ms until something changes by itself or -1,
 *            1 if there is more to do at once}
 */
export const dispatchScript = new CellScript({
  needs: [scheduler, laneLimits, runEnd],
  whenFull: true,
  body: `
local lane, lateError, retention = ARGV[2], ARGV[3], ms(ARGV[4])
local released, expired, soonest, more = {}, {}, -1, 0
local function wake(ms) if soonest < 0 or ms < soonest then soonest = ms end end
local function wakeAtHead(set)
  local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if head[2] then wake(math.max(0, head[2] - now)) end
end

local due = redis.call('ZRANGEBYSCORE', sched('due', lane), '-inf', now, 'LIMIT', 0, ${MAX_AT_ONCE})
for _, id in ipairs(due) do
  local tenant, priority, attempt = unpack(redis.call('HMGET', jobKey(id), 'tenant', 'priority', 'attempt'))
  redis.call('ZREM', sched('due', lane), id)
  if tenant then wait(lane, id, tenant, tonumber(priority), attempt ~= '0') else count(sched('lanes'), lane, -1) end
end
if #due == ${MAX_AT_ONCE} then more = 1 end
wakeAtHead(sched('due', lane))

local late = redis.call('ZRANGEBYSCORE', sched('deadlines', lane), '-inf', now, 'LIMIT', 0, ${MAX_EXPIRED})
for _, id in ipairs(late) do
  redis.call('ZREM', sched('deadlines', lane), id)
  local status, seq, own = unpack(redis.call('HMGET', jobKey(id), 'status', 'seq', 'lane'))
  if status == 'queued' then
    redis.call('HSET', jobKey(id, 'details'), 'error', lateError)
    leaveCalls(id, own)
    local next = tonumber(seq) + 1
    endJob(id, 'failed', next, next, eventText(next, 'job.failed', '{"error":' .. lateError .. '}'), retention)
    expired[#expired + 1] = id
  end
end
if #late == ${MAX_EXPIRED} then more = 1 end
wakeAtHead(sched('deadlines', lane))

local state = readLane(lane)
local free = state.capacity or 0
if state.most > 0 then free = math.min(free, state.most) end
free = state.paused and 0 or math.min(free - redis.call('ZCARD', sched('permits', lane)), ${MAX_AT_ONCE})

local CREDIT, NEW, OLD = sched('credit', lane), sched('new', lane), sched('old', lane)
local function drop(ring, tenant)
  redis.call('LPOP', ring)
  redis.call('HDEL', CREDIT, tenant)
end
local function toTheEnd(ring, tenant)
  redis.call('LPOP', ring)
  redis.call('RPUSH', OLD, tenant)
end
local function isAlone() return redis.call('LLEN', NEW) + redis.call('LLEN', OLD) == 1 end

-- Returns true once the lane's buckets are empty.
local function visit(ring, tenant)
  local backlog = backlogOf(lane, tenant)
  local id = redis.call('ZRANGE', backlog, 0, 0)[1]
  if not id then return drop(ring, tenant) end
  local most, weight = string.match(redis.call('HGET', sched('limits'), tenant) or '0 1', '^(%S+) (%S+)$')
  most, weight = tonumber(most), tonumber(weight)
  if countsForTenant(lane) and most > 0 and tonumber(redis.call('HGET', sched('running'), tenant) or 0) >= most then
    drop(ring, tenant)
    redis.call('SADD', sched('blocked', tenant), lane)
    return
  end
  local tokens, release = unpack(redis.call('HMGET', jobKey(id), 'tokens', 'release'))
  if not release then
    unplace(lane, id, tenant)
    return
  end
  local credit = tonumber(redis.call('HGET', CREDIT, tenant) or 0)
  if credit < 1 then credit = credit + weight end
  if credit < 1 and isAlone() then credit = 1 end
  if credit >= 1 then
    local ms = take(state, tonumber(tokens))
    if ms > 0 then
      wake(ms)
      return true
    end
    redis.call('ZREM', backlog, id)
    leaveWaiting(lane, id, tenant)
    grantPermit(lane, id, release, tenant, now + ${CHECK_AFTER_MS})
    released[#released + 1] = id .. '.' .. release
    credit = credit - 1
    state.turn = ring == NEW and 1 or 0
    if ring == NEW or credit < 1 then toTheEnd(ring, tenant) end
  else
    toTheEnd(ring, tenant)
  end
  redis.call('HSET', CREDIT, tenant, string.format('%.6f', credit))
end

local visits, empty = 0, false
while #released < free and not empty and visits < ${MAX_VISITS} do
  local first, second = NEW, OLD
  if state.turn == 1 then first, second = OLD, NEW end
  local ring, tenant = first, redis.call('LINDEX', first, 0)
  if not tenant then ring, tenant = second, redis.call('LINDEX', second, 0) end
  if not tenant then break end
  visits = visits + 1
  empty = visit(ring, tenant)
end
if visits == ${MAX_VISITS} or #released == ${MAX_AT_ONCE} then more = 1 end
if #released > 0 then writeLane(lane, state) end
return {released, expired, soonest, more}
`,
});
