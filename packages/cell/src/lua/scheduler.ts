import { followersLane } from '@holdfast/core';
import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * The fair scheduler's state. (S1) An open job is in exactly one place: delayed (`due`), waiting (a backlog), or holding a
 * permit. (S3) Permits are named by release: `<id>.<release>`; a lane and a tenant have as many as they have jobs that hold one.
 * The permits of followers count for their lane only: followers call no provider.
 *
 *   place(lane, id, tenant, priority, again, dueAt, deadlineAt)
 *                                         places a job that has no place: it waits, or is delayed until `dueAt`; `again`: it has
 *                                         waited before
 *   wait(lane, id, tenant, priority, again)
 *                                         adds a job to the tenant's backlog: a step of `place`, and when a delayed job is due
 *   unplace(lane, id, tenant)             removes a job from backlog and delay; false where it was in neither
 *   grantPermit(lane, id, release, tenant, checkAt)
 *                                         lets a job run that was just removed from its backlog
 *   addPermit(lane, id, release, checkAt) the same, for a caller that counts the tenant's permits itself
 *   freePermit(lane, id, release, tenant) returns the lanes in which its tenant may run again, or nil without a permit
 *   remove(lane, id, release, tenant)     removes a job from its place; returns the same lanes
 *   unblock(tenant)                       lets it run again in the lanes where its own limit blocked it; returns these lanes
 *   count(key, field, by)                 changes a count, which never goes below 0: a rebuilt count may be too low
 */
export const scheduler: Fragment = {
  name: 'scheduler',
  needs: [names, clock],
  lua: `
local function count(key, field, by)
  if redis.call('HINCRBY', key, field, by) <= 0 then redis.call('HDEL', key, field) end
end
local function countsForTenant(lane) return lane ~= '${followersLane}' end
local function backlogOf(lane, tenant) return sched('backlog', lane .. ':' .. tenant) end

-- Adds the tenant to a ring, unless it is on one.
local function join(lane, tenant, ring)
  if redis.call('HSETNX', sched('credit', lane), tenant, 0) == 1 then redis.call('RPUSH', sched(ring, lane), tenant) end
end

-- Higher classes first; within a class jobs that have waited before, then by arrival. Of the 53 bits of a double, 44 are for arrivals.
local function wait(lane, id, tenant, priority, again)
  local class = (100 - priority) * 2 + (again and 0 or 1)
  local arrival = redis.call('HINCRBY', sched('lane', lane), 'arrivals', 1)
  redis.call('ZADD', backlogOf(lane, tenant), int(class * 2 ^ 44 + arrival), id)
  if redis.call('SISMEMBER', sched('blocked', tenant), lane) == 0 then join(lane, tenant, 'new') end
end

local function place(lane, id, tenant, priority, again, dueAt, deadlineAt)
  count(sched('lanes'), lane, 1)
  count(sched('waiting'), tenant, 1)
  if deadlineAt then redis.call('ZADD', sched('deadlines', lane), int(deadlineAt), id) end
  if dueAt and dueAt > now then redis.call('ZADD', sched('due', lane), int(dueAt), id)
  else wait(lane, id, tenant, priority, again) end
end

local function unplace(lane, id, tenant)
  local gone = redis.call('ZREM', backlogOf(lane, tenant), id)
  if gone == 0 then gone = redis.call('ZREM', sched('due', lane), id) end
  if gone == 0 then return false end
  redis.call('ZREM', sched('deadlines', lane), id)
  count(sched('waiting'), tenant, -1)
  count(sched('lanes'), lane, -1)
  return true
end

local function addPermit(lane, id, release, checkAt)
  redis.call('ZADD', sched('permits', lane), int(checkAt), id .. '.' .. release)
end

local function grantPermit(lane, id, release, tenant, checkAt)
  addPermit(lane, id, release, checkAt)
  if countsForTenant(lane) then redis.call('HINCRBY', sched('running'), tenant, 1) end
end

local function unblock(tenant)
  local lanes = redis.call('SMEMBERS', sched('blocked', tenant))
  if #lanes == 0 then return lanes end
  redis.call('DEL', sched('blocked', tenant))
  for _, lane in ipairs(lanes) do join(lane, tenant, 'old') end
  return lanes
end

local function freePermit(lane, id, release, tenant)
  if redis.call('ZREM', sched('permits', lane), id .. '.' .. release) == 0 then return nil end
  count(sched('lanes'), lane, -1)
  if not countsForTenant(lane) then return {} end
  count(sched('running'), tenant, -1)
  return unblock(tenant)
end

local function remove(lane, id, release, tenant)
  local lanes = freePermit(lane, id, release, tenant)
  if lanes then return lanes end
  unplace(lane, id, tenant)
  return {}
end
`,
};
