import { scheduler } from '../lua/scheduler.ts';
import { CellScript } from './cell-script.ts';

/** A permit that claiming had to grant is checked with BullMQ after so long, in ms. */
const CHECK_AFTER_MS = 5_000;

/**
 * Begins an attempt: raises the fencing number. From here on every append of an earlier attempt is refused.
 * A job found running has lost its worker without a word: that counts as a crash. A claim that is sent again because
 * its reply was lost is known by its token, and gets the same attempt. (S1) Whoever runs holds a permit: one that was lost
 * with the scheduler's keys is granted here.
 *
 *   ARGV  …, id, release, token: a text that no other claim has
 *   returns {'claimed', now, record as fields and values}
 *           {'ended', status}   nothing to do
 *           {'stale', release}  a later hand-over of the job exists: this one is void
 *           {'missing'}         no such job: expired or deleted
 */
export const claimScript = new CellScript({
  needs: [scheduler],
  whenFull: true,
  body: `
local id, release, token = ARGV[2], ARGV[3], ARGV[4]
local status, own, attempt, crashes, ownToken, tenant, lane, queue, started, retry, staged = unpack(redis.call('HMGET', jobKey(id),
  'status', 'release', 'attempt', 'crashes', 'token', 'tenant', 'lane', 'queue', 'started_at', 'retry_at', 'staged'))
if not status then return {'missing'} end
if status ~= 'queued' and status ~= 'running' then return {'ended', status} end
if own ~= release then return {'stale', own} end
queue = queue or lane
if not redis.call('ZSCORE', sched('permits', queue), id .. '.' .. release) then
  unplace(queue, id, tenant)
  count(sched('lanes'), queue, 1)
  grantPermit(queue, id, release, tenant, now + ${CHECK_AFTER_MS})
end
if status ~= 'running' or ownToken ~= token then
  if status == 'running' then redis.call('HSET', jobKey(id), 'crashes', (tonumber(crashes) or 0) + 1) end
  redis.call('HSET', jobKey(id), 'status', 'running', 'token', token, 'attempt', attempt + 1, 'started_at', started or int(now))
  if retry or staged then redis.call('HDEL', jobKey(id), 'retry_at', 'staged') end
end
return {'claimed', int(now), redis.call('HGETALL', jobKey(id))}
`,
});
