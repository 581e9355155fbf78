/** Scripts of maintenance: they rebuild lost keys of the scheduler, and remove expired jobs from lists. */
import { clock } from '../../lua/clock.ts';
import { openJobs } from '../../lua/open-jobs.ts';
import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/**
 * How many jobs are open, and how many the scheduler has placed. The numbers differ only if keys were lost. And how many jobs the
 * list of all jobs lacks: those of versions that had no such list.
 *
 *   returns {open, placed, not listed, lanes that hold jobs …}
 */
export const countsScript = new CellScript({
  needs: [],
  whenFull: true,
  body: `
local lanes, placed = redis.call('HGETALL', sched('lanes')), 0
local open = redis.call('ZCARD', C .. 'open')
local reply = {open, 0, open + redis.call('ZCARD', C .. 'expiring') - redis.call('ZCARD', C .. 'jobs')}
for at = 1, #lanes, 2 do
  placed = placed + lanes[at + 1]
  reply[#reply + 1] = lanes[at]
end
reply[2] = placed
return reply
`,
});

/**
 * Checks a page of the open jobs, by (time of creation, id). A job without a record, or that has ended, is removed from the list. A
 * job that the scheduler has lost is placed again: (S1).
 *
 *   ARGV  …, time and id of the last job of the page before ('-inf', '' before the first), maximum
 *   returns {time, id of the last job ('' after the last page), entries dropped, jobs placed again, lanes these wait in …}
 */
export const repairScript = new CellScript({
  needs: [scheduler, openJobs],
  whenFull: true,
  body: `
local page, next = openPage(ARGV[2], ARGV[3], tonumber(ARGV[4]))
local dropped, placed, lanes = 0, 0, {}

local function isPlaced(lane, id, release, tenant)
  return redis.call('ZSCORE', sched('permits', lane), id .. '.' .. release)
    or redis.call('ZSCORE', backlogOf(lane, tenant), id) or redis.call('ZSCORE', sched('due', lane), id)
end

for at = 1, #page, 2 do
  local id = page[at]
  local status, tenant, lane, queue, release, priority, attempt, due, retry, deadline = unpack(redis.call('HMGET', jobKey(id),
    'status', 'tenant', 'lane', 'queue', 'release', 'priority', 'attempt', 'due_at', 'retry_at', 'deadline_at'))
  if status ~= 'queued' and status ~= 'running' then
    redis.call('ZREM', C .. 'open', id)
    if not status then redis.call('ZREM', C .. 'jobs', id) end
    dropped = dropped + 1
  elseif not isPlaced(queue or lane, id, release, tenant) then
    local dueAt = status == 'queued' and tonumber(retry or due or nil) or nil
    place(queue or lane, id, tenant, tonumber(priority), attempt ~= '0', dueAt, tonumber(deadline or nil))
    lanes[queue or lane] = true
    placed = placed + 1
  end
end

local reply = {next[1], next[2], dropped, placed}
for lane in pairs(lanes) do reply[#reply + 1] = lane end
return reply
`,
});

/**
 * Removes expired jobs from the lists.
 *
 *   ARGV  …, maximum
 *   returns {how many were checked, how many of them the archive has not got}
 */
export const removeExpiredScript = new CellScript({
  needs: [clock],
  whenFull: true,
  body: `
local expired, lost = redis.call('ZRANGEBYSCORE', C .. 'expiring', '-inf', now, 'LIMIT', 0, ARGV[2]), 0
for _, entry in ipairs(expired) do
  local id, tenant = string.match(entry, '^(%S+) (%S+)$')
  -- The record may expire a moment later than this entry says.
  if redis.call('EXISTS', jobKey(id)) == 0 then
    redis.call('ZREM', tenantKey(tenant) .. ':jobs', id)
    redis.call('ZREM', C .. 'jobs', id)
    redis.call('ZREM', C .. 'failed', id)
    redis.call('ZREM', C .. 'packing', id)
    lost = lost + redis.call('ZREM', C .. 'archiving', id)
    redis.call('ZREM', C .. 'expiring', entry)
  end
end
return {#expired, lost}
`,
});

/**
 * Adds a page of jobs to the lists of all jobs and of failed ones, where they are missing. Every job is either open or expiring.
 *
 *   ARGV  …, 'open' or 'expiring', score and member of the last entry of the page before ('', '' before the first), maximum
 *   returns {score, member of the last entry ('' after the last page)}
 */
export const listScript = new CellScript({
  needs: [openJobs],
  // Not when Redis is full: the lists grow by it.
  body: `
local page, next = pageOf(C .. (ARGV[2] == 'open' and 'open' or 'expiring'), ARGV[3], ARGV[4], tonumber(ARGV[5]))
for at = 1, #page, 2 do
  local id = string.match(page[at], '^%S+')
  local status, createdAt, finishedAt = unpack(redis.call('HMGET', jobKey(id), 'status', 'created_at', 'finished_at'))
  -- An entry without a record is removed by other maintenance.
  if createdAt then redis.call('ZADD', C .. 'jobs', createdAt, id) end
  if status == 'failed' and finishedAt then redis.call('ZADD', C .. 'failed', finishedAt, id) end
end
return next
`,
});

/**
 * A page of the open jobs of a lane, for a lane that no worker serves any longer.
 *
 *   ARGV  …, lane, time and id of the last job of the page before ('-inf', '' before the first), maximum
 *   returns {time, id of the last job checked ('' after the last page), then for each found: id, release, attempt}
 */
export const jobsOfLaneScript = new CellScript({
  needs: [openJobs],
  whenFull: true,
  body: `
local lane = ARGV[2]
local page, reply = openPage(ARGV[3], ARGV[4], tonumber(ARGV[5]))
for at = 1, #page, 2 do
  local own, queue, release, attempt = unpack(redis.call('HMGET', jobKey(page[at]), 'lane', 'queue', 'release', 'attempt'))
  if own == lane and not queue then
    for _, value in ipairs({page[at], release, attempt}) do reply[#reply + 1] = value end
  end
end
return reply
`,
});
