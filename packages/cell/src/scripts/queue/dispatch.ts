import { clock } from '../../lua/clock.ts';
import { laneLimits } from '../../lua/lane-limits.ts';
import { luaList, record } from '../../lua/record.ts';
import { endFields, runEnd } from '../../lua/run-end.ts';
import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/** When a permit is checked with BullMQ, in ms. A release that BullMQ doesn't know then is handed over again. */
const CHECK_AFTER_MS = 2_000;
/** Bounds of one run, so that Redis is never busy for long. */
const MAX_AT_ONCE = 100;
const MAX_EXPIRED = 10;
const MAX_VISITS = 1_000;

/**
 * Gives permits to the jobs that may run now.
 *
 *   1. delayed jobs that are due go into their tenants' backlogs
 *   2. jobs past their deadline fail, a few at a time, without an attempt or a permit
 *   3. deficit round robin: a tenant's turn is as many jobs as its weight. After every job the other ring has its turn, so that
 *      newcomers (ring `new`) don't wait for old tenants' turns, and many newcomers leave half of the turns to old tenants
 *   4. until all of the lane's permits are given, or its buckets are empty
 *
 * Only the head of each tenant's backlog is read. A tenant at its own limit leaves the ring until a permit of it is free. A tenant
 * whose backlog is empty leaves the ring at its next turn and not before, or it would come back as a newcomer each time.
 *
 *   ARGV  …, lane, error (JSON) of jobs past their deadline, retention in ms
 *   returns {ids with release that may run, for each job that has failed {id, tenant, lane, task, its age in ms},
 *            ms until something changes by itself or -1, 1 if there is more to do at once}
 */
export const dispatchScript = new CellScript({
  needs: [clock, record, scheduler, laneLimits, runEnd],
  whenFull: true,
  body: `
local lane, lateError, retention = ARGV[2], ARGV[3], ms(ARGV[4])
local released, expired, soonest, more = {}, {}, -1, 0
local function wake(ms) if soonest < 0 or ms < soonest then soonest = ms end end

-- Members that are due. Sets soonest to the time until the next one is.
local function takeDue(set, limit)
  local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if not head[2] then return {} end
  if tonumber(head[2]) > now then
    wake(head[2] - now)
    return {}
  end
  local due = redis.call('ZRANGEBYSCORE', set, '-inf', now, 'LIMIT', 0, limit)
  redis.call('ZREM', set, unpack(due))
  local next = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if next[2] then wake(math.max(0, next[2] - now)) end
  if #due == limit then more = 1 end
  return due
end

for _, id in ipairs(takeDue(sched('due', lane), ${MAX_AT_ONCE})) do
  local tenant, priority, attempt = unpack(redis.call('HMGET', jobKey(id), 'tenant', 'priority', 'attempt'))
  if tenant then wait(lane, id, tenant, tonumber(priority), attempt ~= '0') else count(sched('lanes'), lane, -1) end
end

for _, id in ipairs(takeDue(sched('deadlines', lane), ${MAX_EXPIRED})) do
  local job = readRecord(id, ${luaList(['status', 'seq', 'task', 'created_at'], endFields)})
  if job.status == 'queued' then
    redis.call('HSET', jobKey(id, 'details'), 'error', lateError)
    addLeftovers(id, job.lane)
    local next = tonumber(job.seq) + 1
    endJob(job, 'failed', next, next, eventText(next, 'job.failed', '{"error":' .. lateError .. '}'), retention)
    expired[#expired + 1] = {id, job.tenant, job.lane or '', job.task or '', int(now - (num(job.created_at) or now))}
  end
end

local state = readLane(lane)
local free = state.capacity or 0
if state.maxRunning > 0 then free = math.min(free, state.maxRunning) end
free = state.paused and 0 or math.min(free - redis.call('ZCARD', sched('permits', lane)), ${MAX_AT_ONCE})

local CREDIT, NEW, OLD = sched('credit', lane), sched('new', lane), sched('old', lane)
local onNew, onOld = 0, 0
if free > 0 then onNew, onOld = redis.call('LLEN', NEW), redis.call('LLEN', OLD) end
local function leaveRing(ring)
  if ring == NEW then onNew = onNew - 1 else onOld = onOld - 1 end
end
local function drop(ring, tenant)
  redis.call('LPOP', ring)
  redis.call('HDEL', CREDIT, tenant.name)
  leaveRing(ring)
  tenant.credit = nil
end
local function toTheEnd(ring)
  if ring == OLD and onOld == 1 then return end
  redis.call('LMOVE', ring, OLD, 'LEFT', 'RIGHT')
  leaveRing(ring)
  onOld = onOld + 1
end

-- The tenants that had a turn: each is read once and written once.
local tenants = {}
local function tenantOf(name)
  local tenant = tenants[name]
  if tenant then return tenant end
  local maxRunning, weight = string.match(redis.call('HGET', sched('limits'), name) or '0 1', '^(%S+) (%S+)$')
  tenant = {name = name, maxRunning = tonumber(maxRunning), weight = tonumber(weight), granted = 0, running = 0,
    credit = tonumber(redis.call('HGET', CREDIT, name) or 0)}
  if tenant.maxRunning > 0 then tenant.running = tonumber(redis.call('HGET', sched('running'), name) or 0) end
  tenants[name] = tenant
  return tenant
end
local function writeTenant(tenant)
  if tenant.credit then redis.call('HSET', CREDIT, tenant.name, string.format('%.6f', tenant.credit)) end
  if tenant.granted == 0 then return end
  count(sched('waiting'), tenant.name, -tenant.granted)
  if countsForTenant(lane) then redis.call('HINCRBY', sched('running'), tenant.name, tenant.granted) end
end

-- Returns true once the lane's buckets are empty.
local function visit(ring, name)
  local backlog = backlogOf(lane, name)
  local id = redis.call('ZRANGE', backlog, 0, 0)[1]
  local tenant = tenantOf(name)
  if not id then return drop(ring, tenant) end
  if countsForTenant(lane) and tenant.maxRunning > 0 and tenant.running + tenant.granted >= tenant.maxRunning then
    drop(ring, tenant)
    redis.call('SADD', sched('blocked', name), lane)
    return
  end
  local tokens, release, deadline = unpack(redis.call('HMGET', jobKey(id), 'tokens', 'release', 'deadline_at'))
  if not release then
    unplace(lane, id, name)
    return
  end
  local credit = tenant.credit
  if credit < 1 then credit = credit + tenant.weight end
  if credit < 1 and onNew + onOld == 1 then credit = 1 end
  if credit >= 1 then
    local ms = take(state, tonumber(tokens))
    if ms > 0 then
      wake(ms)
      return true
    end
    redis.call('ZREM', backlog, id)
    if deadline then redis.call('ZREM', sched('deadlines', lane), id) end
    addPermit(lane, id, release, now + ${CHECK_AFTER_MS})
    released[#released + 1] = id .. '.' .. release
    tenant.granted = tenant.granted + 1
    credit = credit - 1
    state.turn = ring == NEW and 1 or 0
    if ring == NEW or credit < 1 then toTheEnd(ring) end
  else
    toTheEnd(ring)
  end
  tenant.credit = credit
end

local visits, empty = 0, false
while #released < free and not empty and visits < ${MAX_VISITS} and onNew + onOld > 0 do
  local ring = NEW
  if onNew == 0 or (onOld > 0 and state.turn == 1) then ring = OLD end
  visits = visits + 1
  empty = visit(ring, redis.call('LINDEX', ring, 0))
end
for _, tenant in pairs(tenants) do writeTenant(tenant) end
if visits == ${MAX_VISITS} or #released == ${MAX_AT_ONCE} then more = 1 end
if #released > 0 then writeLane(lane, state) end
return {released, expired, soonest, more}
`,
});
