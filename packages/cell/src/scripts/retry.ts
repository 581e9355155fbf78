import { admission } from '../lua/admission.ts';
import { journal } from '../lua/journal.ts';
import { scheduler } from '../lua/scheduler.ts';
import { segments } from '../lua/segments.ts';
import { CellScript } from './cell-script.ts';

/**
 * Lets a failed or cancelled job run again under its id, admitted like a new one. Its journal goes on: a second `job.accepted`,
 * then attempts. Completed steps are kept; calls that are no part of one are made anew. It follows no other job any more.
 *
 *   ARGV  …, id, data of the event (JSON), estimate or '', requests a minute or '', day's budget or '', month's budget or '',
 *         most waiting jobs or ''
 *   returns {'queued', requests in the minute, ms until the oldest leaves it, lane}
 *           {'refused', requests …, ms …, why …}  see `admission`
 *           {'packed'}  its log has to be unpacked before
 *           {'not_retryable', status}
 *           {'missing'}
 */
export const retryScript = new CellScript({
  needs: [admission, journal, scheduler, segments],
  body: `
local id, event = ARGV[2], ARGV[3]
local limits = {
  estimate = num(ARGV[4]), perMinute = num(ARGV[5]), day = num(ARGV[6]), month = num(ARGV[7]), maxQueued = num(ARGV[8]),
}
local status, seq, lane, tenant, priority, version, packed = unpack(redis.call('HMGET', jobKey(id),
  'status', 'seq', 'lane', 'tenant', 'priority', 'call_key_version', 'packed'))
if not status then return {'missing'} end
if status ~= 'failed' and status ~= 'cancelled' then return {'not_retryable', status} end
if packed then return {'packed'} end
local refused, used, leavesIn = refusal(tenant, limits)
if refused then return {'refused', used, leavesIn, unpack(refused)} end

for _, part in ipairs({'output', 'text'}) do
  local size = redis.call('HGET', jobKey(id), part .. '_size')
  if size then redis.call('UNLINK', unpack(segmentsOf(jobKey(id, part), tonumber(size)))) end
end
redis.call('UNLINK', jobKey(id, 'calls'))
redis.call('HDEL', jobKey(id), 'output_size', 'text_size')
redis.call('PERSIST', jobKey(id))
for _, part in ipairs({'details', 'steps', 'index'}) do redis.call('PERSIST', jobKey(id, part)) end
for _, key in ipairs(segmentsOfJob(id)) do redis.call('PERSIST', key) end
redis.call('HDEL', jobKey(id, 'details'), 'error', 'usage')
redis.call('HDEL', jobKey(id), 'finished_at', 'cancel_requested_at', 'retry_at', 'due_at', 'deadline_at', 'failures', 'crashes',
  'queue', 'spent', 'open_cost', 'input_tokens', 'output_tokens', 'calls', 'avoided')
redis.call('HSET', jobKey(id), 'status', 'queued', 'text_discarded', 1, 'call_key_version', (tonumber(version or nil) or 0) + 1,
  'release', redis.call('INCR', C .. 'releases'))
redis.call('ZREM', C .. 'expiring', id .. ' ' .. tenant)
redis.call('ZREM', C .. 'compact', id)
redis.call('ZADD', C .. 'open', int(now), id)
local next = tonumber(seq) + 1
writeEvents(id, next, next, eventText(next, 'job.accepted', event), false)
used, leavesIn = admit(id, tenant, limits)
place(lane, id, tenant, tonumber(priority), false, nil, nil)
return {'queued', used, leavesIn, lane}
`,
});
