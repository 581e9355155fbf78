import { Script } from '@holdfast/redis';

/**
 * Numbers a new hand-over of a job that the queue has lost, or whose lane nobody serves any more, unless another sweep did, the job has ended, or a worker has
 * begun it since it was looked at: then the hand-over was only late, and a second one would break into its call.
 *
 *   KEYS  record
 *   ARGV  the release number that is void, the attempt number before it was found to be, the job's lane from here on or ''
 *   returns the new release number, or 0
 */
export const renewReleaseScript = new Script(`
local status, release, attempt = unpack(redis.call('HMGET', KEYS[1], 'status', 'release', 'attempt'))
if status ~= 'queued' and status ~= 'running' then return 0 end
if release ~= ARGV[1] or attempt ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'lane', ARGV[3]) end
return redis.call('HINCRBY', KEYS[1], 'release', 1)
`);
