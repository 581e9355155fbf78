import { Script } from '@holdfast/redis';

/**
 * Creates a job's record and first event, or returns what is there.
 *
 *   KEYS  record, log
 *   ARGV  digest, bytes of event 1, deadline in ms from now or '', delay in ms or '', then the record's fields and values
 *   returns {1} created
 *           {0, digest, release, queue}  there already: the digest of the request that created it, its newest release, and
 *                                        the lane whose queue that is in, or ''
 */
export const acceptScript = new Script(`
local digest, release, queue = unpack(redis.call('HMGET', KEYS[1], 'digest', 'release', 'queue'))
if digest then return {0, digest, release, queue or ''} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'digest', ARGV[1], 'status', 'queued', 'attempt', 0, 'seq', 1,
  'created_at', now, unpack(ARGV, 5))
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'deadline_at', now + ARGV[3]) end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'due_at', now + ARGV[4]) end
redis.call('SET', KEYS[2], ARGV[2])
return {1}
`);
