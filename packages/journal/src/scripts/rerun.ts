import { Script } from '@holdfast/redis';
import { writeEvents } from './append.ts';

/**
 * Lets a failed or cancelled job run again under its id. Its journal goes on: a second \`job.accepted\`, then attempts.
 * Completed steps are kept; calls that are no part of one, completed or not, are made anew. It follows no other job any more.
 *
 *   KEYS  record, log, index, trimmed
 *   ARGV  live channel, data of the event (JSON), what is set aside for the run or '', what was for the run before, which
 *         is settled, or ''
 *   returns {'queued', release, lane, priority, tokens}
 *           {'refused', status}  it isn't failed or cancelled, or wasn't when the run before was to be settled
 *           {'missing'}
 */
export const rerunScript = new Script(`${writeEvents}
local status, seq, lane, priority, tokens, before = unpack(
  redis.call('HMGET', KEYS[1], 'status', 'seq', 'lane', 'priority', 'tokens', 'reservation'))
if not status then return {'missing'} end
if status ~= 'failed' and status ~= 'cancelled' then return {'refused', status} end
if (before or '') ~= ARGV[4] then return {'refused', 'running'} end
for at = 1, 3 do redis.call('PERSIST', KEYS[at]) end
redis.call('HDEL', KEYS[1], 'error', 'output', 'output_text', 'usage', 'finished_at', 'cancel_requested_at', 'retry_at',
  'due_at', 'deadline_at', 'failures', 'crashes', 'spent', 'queue')
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if field:sub(1, 5) == 'call:' or field:sub(1, 7) == 'answer:' then redis.call('HDEL', KEYS[1], field) end
end
redis.call('HSET', KEYS[1], 'text_void', 1)
redis.call('HSET', KEYS[1], 'reservation', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'call_group', 1)
local release = redis.call('HINCRBY', KEYS[1], 'release', 1)
local next = tonumber(seq) + 1
writeEvents(next, next, 'id: ' .. next .. '\\nevent: job.accepted\\ndata: ' .. ARGV[2] .. '\\n\\n', 'queued', ARGV[1], 0)
return {'queued', release, lane, priority or '0', tokens or '0'}
`);
