import { followersLane } from '@holdfast/core';
import { admission } from '../../lua/admission.ts';
import { clock } from '../../lua/clock.ts';
import { leader } from '../../lua/leader.ts';
import { record } from '../../lua/record.ts';
import { scheduler } from '../../lua/scheduler.ts';
import { segments } from '../../lua/segments.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Finds the job that the id names, or admits, creates and enqueues it, in one step.
 *
 *   1. there is such a job          it is returned, whatever the tenant has used up
 *   2. it may share an answer       does an equal job answer for it? then it waits with the followers; else it leads
 *   3. admission                    requests a minute, waiting jobs, budgets; what is refused leaves nothing behind
 *   4. create                       record, first event, its tenant's list, the scheduler
 *
 *   ARGV  …, id, digest of the request, request (or its staged value), first event, tenant, lane, task, priority, tokens, delay in ms or '',
 *         ms to the deadline or '', metadata (JSON) or '',
 *         estimate in billionths of a dollar or '', requests a minute or '', day's budget or '', month's budget or '',
 *         most waiting jobs or '', run limits as 'most weight' or '' for unknown, 1 if these are newer than what is stored,
 *         digest of what may be shared or '', ms that a shared answer may be old, retention in ms,
 *         id of the HTTP request or '', at most 64 bytes
 *   returns {'created', requests in the minute, ms until the oldest leaves it, created_at, queue ('' the lane's own),
 *             'accepted' | 'joined' | 'cached', lanes in which the tenant may run again …}
 *           {'found', requests …, ms …, record as fields and values, details likewise}
 *           {'refused', requests …, ms …, why …}  see `admission`
 *           {'not_staged'}  the staged request has expired
 */
export const submitScript = new CellScript({
  needs: [clock, record, admission, leader, scheduler, segments],
  body: `
local id, digest, request, event, tenant, lane, task = unpack(ARGV, 2, 8)
local priority, tokens, delay, deadline, metadata = num(ARGV[9]), num(ARGV[10]), ms(ARGV[11]), ms(ARGV[12]), ARGV[13]
local limits = {
  estimate = num(ARGV[14]), perMinute = num(ARGV[15]), day = num(ARGV[16]), month = num(ARGV[17]), maxQueued = num(ARGV[18]),
}
local runLimits, areNewer, shared, ttl, retention, requestId = ARGV[19], ARGV[20], ARGV[21], ms(ARGV[22]), ms(ARGV[23]), ARGV[24]

if redis.call('EXISTS', jobKey(id)) == 1 then
  local used, leavesIn = 0, 0
  if limits.perMinute then used, leavesIn = readMinute(tenant) end
  return {'found', used, leavesIn, redis.call('HGETALL', jobKey(id)), redis.call('HGETALL', jobKey(id, 'details'))}
end

if not isWhole(request) then return {'not_staged'} end

local follows, result = false, 'accepted'
if shared ~= '' then
  -- Who answers for a delayed job is asked when it is due.
  local found = not delay and findLeader(id, shared, ttl, now)
  follows = delay ~= nil or found ~= nil
  if found then result = found[3] == 1 and 'cached' or 'joined' end
end
-- A follower makes no call. One that takes over reserves before its call leaves.
if follows then limits.estimate = nil end
local refused, used, leavesIn = refusal(tenant, limits)
if refused then return {'refused', used, leavesIn, unpack(refused)} end

local dueAt = delay and now + delay
local deadlineAt = deadline and now + deadline
local job = {id = id, tenant = tenant, changes = {
  tenant = tenant, lane = lane, task = task, digest = digest, status = 'queued', attempt = 0, seq = 1, size = #event,
  priority = int(priority), tokens = int(tokens), created_at = int(now), release = redis.call('INCR', C .. 'releases'),
  due_at = dueAt and int(dueAt), deadline_at = deadlineAt and int(deadlineAt), queue = follows and '${followersLane}' or nil,
  request_id = requestId ~= '' and requestId or nil,
}}
if shared ~= '' then
  setField(job, 'shared', shared)
  setField(job, 'shared_ttl', int(ttl))
end
keepValue(job, 'request', request)
used, leavesIn = admit(job, limits)
writeRecord(job)
redis.call('SET', jobKey(id, 'log'), event)
if metadata ~= '' then redis.call('HSET', jobKey(id, 'details'), 'metadata', metadata) end
redis.call('ZADD', C .. 'open', int(now), id)
redis.call('ZADD', tenantKey(tenant) .. ':jobs', int(now), id)
-- Of an expired job with the same id, which nobody has looked at yet: the lists would wait for this one's end.
redis.call('ZREM', C .. 'expiring', id .. ' ' .. tenant)
if shared ~= '' and not follows then takeLead(id, shared, retention) end

local unblocked = {}
if runLimits ~= '' then
  local stored = redis.call('HGET', sched('limits'), tenant)
  if not stored or (areNewer == '1' and stored ~= runLimits) then
    redis.call('HSET', sched('limits'), tenant, runLimits)
    unblocked = unblock(tenant)
  end
end
place(follows and '${followersLane}' or lane, id, tenant, priority, false, dueAt, deadlineAt)
return {'created', used, leavesIn, int(now), follows and '${followersLane}' or '', result, unpack(unblocked)}
`,
});
