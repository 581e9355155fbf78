import { Script } from '@holdfast/redis';

/**
 * Begins an attempt: raises the fencing token. From here on every append of an earlier attempt is refused.
 * A job found running has lost its worker without a word: that counts as a crash. A claim that is sent again because
 * its reply was lost is known by its ticket, and gets the same attempt.
 *
 *   KEYS  record
 *   ARGV  release number, ticket: a text that no other claim has
 *   returns {'claimed', attempt, seq, crashes, ms left to the deadline or ''}
 *           {'ended', status}   nothing to do
 *           {'stale', release}  a later hand-over of the job exists: this one is void
 *           {'missing'}         no such job: expired or forgotten
 */
export const claimScript = new Script(
  `
local status, release, deadline, attempt, crashes, ticket = unpack(
  redis.call('HMGET', KEYS[1], 'status', 'release', 'deadline_at', 'attempt', 'crashes', 'ticket'))
if not status then return {'missing'} end
if status ~= 'queued' and status ~= 'running' then return {'ended', status} end
if release ~= ARGV[1] then return {'stale', release} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if status ~= 'running' or ticket ~= ARGV[2] then
  crashes = redis.call('HINCRBY', KEYS[1], 'crashes', status == 'running' and 1 or 0)
  attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
  redis.call('HSET', KEYS[1], 'status', 'running', 'ticket', ARGV[2])
  redis.call('HSETNX', KEYS[1], 'started_at', now)
  redis.call('HDEL', KEYS[1], 'retry_at')
end
return {'claimed', tonumber(attempt), tonumber(redis.call('HGET', KEYS[1], 'seq')), tonumber(crashes),
  deadline and string.format('%.0f', deadline - now) or ''}
`,
  { whenFull: true },
);
