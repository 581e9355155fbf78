/**
 * What the feed's scripts have in common. Each takes one key, the lane's hash, and finds the others by their names in
 * `names.ts`: they share its hash tag.
 *
 *   KEYS  ::lane:<lane>
 *   ARGV  what the feed's keys begin with, lane, then the script's own
 */
import { followersLane } from '@holdfast/core';
import { type Redis, Script, type ScriptArgument } from '@holdfast/redis';
import { feedBase } from '../names.ts';

const names = `
local base, lane = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function key(what, of) return base .. what .. ':' .. (of or lane) end
local JOBS, DUE, DEADLINES, SLOTS = key('jobs'), key('due'), key('deadlines'), key('slots')
-- Followers call no provider: their tenants' jobs at once don't count them, and don't hold them up.
local countsForTenant = lane ~= '${followersLane}'
local TENANTS, RUNNING, WAITING = base .. 'tenants', base .. 'running', base .. 'waiting'

-- What the index says of a release: tenant, tokens, priority, 1 if it has waited before, 1 if it holds a slot of its tenant.
local function describe(id)
  local value = redis.call('HGET', JOBS, id)
  if not value then return nil end
  return string.match(value, '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
end

-- Counts of keys that were lost and rebuilt may be too low; they never go below nothing.
local function count(counts, tenant, by)
  if redis.call('HINCRBY', counts, tenant, by) <= 0 then redis.call('HDEL', counts, tenant) end
end
`;

const ring = `
-- Onto a ring, unless the tenant is on one.
local function join(tenant, ring, of)
  if redis.call('HSETNX', key('credit', of), tenant, 0) == 1 then redis.call('RPUSH', key(ring, of), tenant) end
end

-- Into the tenant's backlog: higher classes first; within a class who has waited before, then by arrival. 44 bits of a
-- double's 53 number the arrivals.
local function wait(id, tenant, priority, again)
  local class = (100 - priority) * 2 + (again == '1' and 0 or 1)
  local arrival = redis.call('HINCRBY', KEYS[1], 'arrivals', 1)
  redis.call('ZADD', key('backlog', lane .. ':' .. tenant), string.format('%.0f', class * 2 ^ 44 + arrival), id)
  if redis.call('SISMEMBER', key('held', tenant), lane) == 0 then join(tenant, 'new') end
end

-- A tenant that waited for a slot of its own may run again, in all lanes. Returns those.
local function unhold(tenant)
  local lanes = redis.call('SMEMBERS', key('held', tenant))
  redis.call('DEL', key('held', tenant))
  for _, of in ipairs(lanes) do join(tenant, 'old', of) end
  return lanes
end

-- Its slot is free. Returns the lanes in which its tenant may run again.
local function leave(id)
  local tenant, _, _, _, counted = describe(id)
  if redis.call('ZREM', SLOTS, id) == 0 then return {} end
  redis.call('HDEL', JOBS, id)
  if counted ~= '1' then return {} end
  count(RUNNING, tenant, -1)
  return unhold(tenant)
end

-- Out of backlog or delay. Returns its tenant, or nothing where it wasn't in either.
local function withdraw(id)
  local tenant = describe(id)
  if not tenant then return nil end
  local gone = redis.call('ZREM', key('backlog', lane .. ':' .. tenant), id) + redis.call('ZREM', DUE, id)
  if gone == 0 then return nil end
  redis.call('ZREM', DEADLINES, id)
  count(WAITING, tenant, -1)
  return tenant
end
`;

/** A script of the feed: `body` after what all have in common. */
export class FeedScript {
  readonly script: Script;

  constructor(body: string) {
    this.script = new Script(`${names}${ring}${body}`);
  }

  run(redis: Redis, prefix: string, lane: string, args: readonly ScriptArgument[]): Promise<unknown> {
    const base = feedBase(prefix);
    return this.script.run(redis, [`${base}lane:${lane}`], [base, lane, ...args]);
  }
}
