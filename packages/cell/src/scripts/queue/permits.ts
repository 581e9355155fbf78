/** Scripts that check old permits: the hand-over to BullMQ may be lost, or the worker may be gone. */
import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Permits to check with BullMQ now; each is returned again `again` ms later. A permit is freed at once where its job has ended, is
 * gone or has a later release.
 *
 *   ARGV  …, lane, again in ms, maximum
 *   returns ids with release
 */
export const permitsToCheckScript = new CellScript({
  needs: [scheduler],
  whenFull: true,
  body: `
local lane, again, limit = ARGV[2], ms(ARGV[3]), ARGV[4]
local permits, due = sched('permits', lane), {}
for _, permit in ipairs(redis.call('ZRANGEBYSCORE', permits, '-inf', now, 'LIMIT', 0, limit)) do
  local id, release = string.match(permit, '^(.*)%.(%d+)$')
  local status, own, tenant = unpack(redis.call('HMGET', jobKey(id), 'status', 'release', 'tenant'))
  if own == release and (status == 'queued' or status == 'running') then
    redis.call('ZADD', permits, int(now + again), permit)
    due[#due + 1] = permit
  elseif tenant then
    freePermit(lane, id, release, tenant)
  else
    redis.call('ZREM', permits, permit)
    count(sched('lanes'), lane, -1)
  end
end
return due
`,
});

/**
 * Hands a job over again, under a new release: BullMQ has the old release as ended, or no worker serves its lane any longer. Only
 * where this is still its release, and no attempt has begun since the check. A delayed job stays delayed.
 *
 *   ARGV  …, id, release, attempt seen at the check or '' for any, the lane that it moves to or '',
 *         1 where its own worker hands it back: it no longer runs, and the next claim counts no crash
 *   returns the lane whose queue it waits in; false where there was nothing to do
 */
export const handOverAgainScript = new CellScript({
  needs: [scheduler],
  whenFull: true,
  body: `
local id, release, seen, newLane, handedBack = unpack(ARGV, 2, 6)
local status, own, attempt, tenant, lane, queue, priority, due, retry, deadline = unpack(redis.call('HMGET', jobKey(id),
  'status', 'release', 'attempt', 'tenant', 'lane', 'queue', 'priority', 'due_at', 'retry_at', 'deadline_at'))
if status ~= 'queued' and status ~= 'running' then return false end
if own ~= release or (seen ~= '' and seen ~= attempt) then return false end
remove(queue or lane, id, release, tenant)
if newLane ~= '' then
  redis.call('HSET', jobKey(id), 'lane', newLane)
  lane = newLane
end
if handedBack == '1' then redis.call('HSET', jobKey(id), 'status', 'queued') end
redis.call('HSET', jobKey(id), 'release', redis.call('INCR', C .. 'releases'))
local dueAt = status == 'queued' and tonumber(retry or due or nil) or nil
place(queue or lane, id, tenant, tonumber(priority), true, dueAt, tonumber(deadline or nil))
return queue or lane
`,
});
