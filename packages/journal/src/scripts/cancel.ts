import { Script } from '@holdfast/redis';
import { writeEvents } from './append.ts';

/**
 * Stores that a job is to be cancelled. Nobody writes the journal of a queued job, so this script ends it itself; the
 * worker of a running one is told on the control channel, and finds the wish in the reply to its next append anyway.
 *
 *   KEYS  record, log, index, trimmed
 *   ARGV  live channel, control channel, job id, retention ms
 *   returns {'cancelled', release, lane of its queue, 1 if responses may still run at the provider}
 *                                         it was queued and has ended now
 *           {'requested'}                 it runs; its worker ends it
 *           {'ended'}                     it had ended before
 *           {'missing'}
 */
export const cancelScript = new Script(
  `${writeEvents}
local status, seq, release, lane, queue = unpack(redis.call('HMGET', KEYS[1], 'status', 'seq', 'release', 'lane', 'queue'))
if not status then return {'missing'} end
if status ~= 'queued' and status ~= 'running' then return {'ended'} end
local time = redis.call('TIME')
redis.call('HSETNX', KEYS[1], 'cancel_requested_at', time[1] * 1000 + math.floor(time[2] / 1000))
if status == 'running' then
  redis.call('PUBLISH', ARGV[2], ARGV[3])
  return {'requested'}
end
redis.call('HDEL', KEYS[1], 'retry_at')
local next = tonumber(seq) + 1
writeEvents(next, next, 'id: ' .. next .. '\\nevent: job.cancelled\\ndata: {}\\n\\n', 'cancelled', ARGV[1], ARGV[4])
local leftOver = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if field:sub(1, 5) == 'call:' and redis.call('HGET', KEYS[1], field):find('"response":{', 1, true) then leftOver = 1 end
end
return {'cancelled', release, (queue or '') == '' and lane or queue, leftOver}
`,
  { whenFull: true },
);
