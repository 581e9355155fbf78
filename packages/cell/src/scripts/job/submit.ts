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
 *   1. find       a job with this id is returned, whatever limits the tenant has reached
 *   2. share      where the job may share an answer: it waits with the followers if an equal job can answer for it, else it leads
 *   3. admit      requests a minute, waiting jobs, budgets; a refused job leaves nothing behind
 *   4. create     record, first event, the lists, the scheduler
 *
 *   ARGV  …, id, digest of the request, request (or its staged value), first event, tenant, lane, task, priority, tokens,
 *         delay in ms or '', ms to the deadline or '', metadata (JSON) or '',
 *         estimate in billionths of a dollar or '', requests a minute or '', day's budget or '', month's budget or '',
 *         maximum of waiting jobs or '', run limits as 'max_running weight' or '' for unknown, 1 if these are newer than the stored
 *         ones, digest of what may be shared or '', maximum age of a shared answer in ms, retention in ms,
 *         id of the HTTP request or '', traceparent or '', each at most 64 bytes
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
local runLimits, areNewer, shared, ttl, retention = ARGV[19], ARGV[20], ARGV[21], ms(ARGV[22]), ms(ARGV[23])
local requestId, traceparent = ARGV[24], ARGV[25]

if redis.call('EXISTS', jobKey(id)) == 1 then
  local used, resetIn = 0, 0
  if limits.perMinute then used, resetIn = readMinute(tenant) end
  return {'found', used, resetIn, redis.call('HGETALL', jobKey(id)), redis.call('HGETALL', jobKey(id, 'details'))}
end

if not isWhole(request) then return {'not_staged'} end

local follows, result = false, 'accepted'
if shared ~= '' then
  -- The leader of a delayed job is chosen when the job is due.
  local found = not delay and findLeader(id, shared, ttl, now)
  follows = delay ~= nil or found ~= nil
  if found then result = found[3] == 1 and 'cached' or 'joined' end
end
-- A follower makes no call. If it takes the lead later, it reserves before its call.
if follows then limits.estimate = nil end
local refused, used, resetIn = refusal(tenant, limits)
if refused then return {'refused', used, resetIn, unpack(refused)} end

local dueAt = delay and now + delay
local deadlineAt = deadline and now + deadline
local job = {id = id, tenant = tenant, changes = {
  tenant = tenant, lane = lane, task = task, digest = digest, status = 'queued', attempt = 0, seq = 1, size = #event,
  priority = int(priority), tokens = int(tokens), created_at = int(now), release = redis.call('INCR', C .. 'releases'),
  due_at = dueAt and int(dueAt), deadline_at = deadlineAt and int(deadlineAt), queue = follows and '${followersLane}' or nil,
  request_id = requestId ~= '' and requestId or nil, traceparent = traceparent ~= '' and traceparent or nil,
}}
if shared ~= '' then
  setField(job, 'shared', shared)
  setField(job, 'shared_ttl', int(ttl))
end
storeValue(job, 'request', request)
used, resetIn = admit(job, limits)
writeRecord(job)
redis.call('SET', jobKey(id, 'log'), event)
if metadata ~= '' then redis.call('HSET', jobKey(id, 'details'), 'metadata', metadata) end
redis.call('ZADD', C .. 'open', int(now), id)
redis.call('ZADD', tenantKey(tenant) .. ':jobs', int(now), id)
redis.call('ZADD', C .. 'jobs', int(now), id)
-- An expired job with the same id may still have its entries, which would stay on the lists until this one's end.
if redis.call('ZREM', C .. 'expiring', id .. ' ' .. tenant) == 1 then redis.call('ZREM', C .. 'failed', id) end
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
return {'created', used, resetIn, int(now), follows and '${followersLane}' or '', result, unpack(unblocked)}
`,
});
