import { Script } from '@holdfast/redis';

/**
 * Begins an attempt: raises the fencing token. From here on every append of an earlier attempt is refused.
 * A job found running has lost its worker without a word: that counts as a crash.
 *
 *   KEYS  record
 *   ARGV  release number, token: of this claim alone, the same when it is sent again after a lost reply
 *   returns {'claimed', attempt, seq, crashes, ms left to the deadline or ''}
 *           {'again', …}        it had been claimed before: nothing is counted twice
 *           {'ended', status}   nothing to do
 *           {'stale', release}  a later hand-over of the job exists: this one is void
 *           {'missing'}         no such job: expired or forgotten
 */
export const claimScript = new Script(`
local status, release, deadline, token = unpack(
  redis.call('HMGET', KEYS[1], 'status', 'release', 'deadline_at', 'claim_token'))
if not status then return {'missing'} end
if status ~= 'queued' and status ~= 'running' then return {'ended', status} end
if release ~= ARGV[1] then return {'stale', release} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local again = status == 'running' and token == ARGV[2]
local crashes = redis.call('HINCRBY', KEYS[1], 'crashes', status == 'running' and not again and 1 or 0)
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', again and 0 or 1)
redis.call('HSET', KEYS[1], 'status', 'running', 'claim_token', ARGV[2])
redis.call('HSETNX', KEYS[1], 'started_at', now)
redis.call('HDEL', KEYS[1], 'retry_at')
return {again and 'again' or 'claimed', attempt, tonumber(redis.call('HGET', KEYS[1], 'seq')), crashes,
  deadline and string.format('%.0f', deadline - now) or ''}
`);
