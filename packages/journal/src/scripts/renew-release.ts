import { Script } from '@holdfast/redis';

/**
 * Numbers a new hand-over of a job that the queue has lost, unless another sweep did or the job has ended.
 *
 *   KEYS  record
 *   ARGV  the release number that is unknown to the queue
 *   returns the new release number, or 0
 */
export const renewReleaseScript = new Script(`
local status, release = unpack(redis.call('HMGET', KEYS[1], 'status', 'release'))
if (status ~= 'queued' and status ~= 'running') or release ~= ARGV[1] then return 0 end
return redis.call('HINCRBY', KEYS[1], 'release', 1)
`);
