import { admission } from '../../lua/admission.ts';
import { clock } from '../../lua/clock.ts';
import { journal, journalFields } from '../../lua/journal.ts';
import { luaList, record } from '../../lua/record.ts';
import { scheduler } from '../../lua/scheduler.ts';
import { segmentFields, segments } from '../../lua/segments.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Lets a failed or cancelled job run again under its id, admitted like a new one. Its journal goes on with a second
 * `job.accepted`, then attempts. Completed steps and the timeline stay stored; calls outside of completed steps are made again. It no longer follows
 * another job.
 *
 *   ARGV  …, id, data of the event (JSON), estimate or '', requests a minute or '', day's budget or '', month's budget or '',
 *         maximum of waiting jobs or ''
 *   returns {'queued', requests in the minute, ms until the oldest leaves it, lane}
 *           {'refused', requests …, ms …, why …}  see `admission`
 *           {'packed'}  its log has to be unpacked first
 *           {'not_retryable', status}
 *           {'missing'}
 */
export const retryScript = new CellScript({
  needs: [clock, record, admission, journal, scheduler, segments],
  body: `
local id, event = ARGV[2], ARGV[3]
local limits = {
  estimate = num(ARGV[4]), perMinute = num(ARGV[5]), day = num(ARGV[6]), month = num(ARGV[7]), maxQueued = num(ARGV[8]),
}
local job = readRecord(id, ${luaList(
    ['status', 'seq', 'lane', 'tenant', 'priority', 'call_key_version', 'reserved'],
    journalFields,
    segmentFields,
  )})
local status, lane, tenant = job.status, job.lane, job.tenant
if not status then return {'missing'} end
if status ~= 'failed' and status ~= 'cancelled' then return {'not_retryable', status} end
if job.packed then return {'packed'} end
local refused, used, resetIn = refusal(tenant, limits)
if refused then return {'refused', used, resetIn, unpack(refused)} end

for _, part in ipairs({'output', 'text'}) do
  local size = num(job[part .. '_size'])
  if size then redis.call('UNLINK', unpack(segmentsOf(jobKey(id, part), size))) end
  setField(job, part .. '_size', false)
end
local dropped = {}
for _, field in ipairs(redis.call('HKEYS', jobKey(id, 'calls'))) do
  if not string.find(field, '^ran:') and not string.find(field, '^made:') then dropped[field] = false end
end
writeFields(jobKey(id, 'calls'), dropped)
redis.call('PERSIST', jobKey(id))
for _, part in ipairs({'details', 'calls', 'steps', 'index'}) do redis.call('PERSIST', jobKey(id, part)) end
for _, key in ipairs(segmentsOfJob(job)) do redis.call('PERSIST', key) end
redis.call('HDEL', jobKey(id, 'details'), 'error', 'usage')
for _, field in ipairs({'finished_at', 'cancel_requested_at', 'retry_at', 'due_at', 'deadline_at', 'failures', 'crashes',
  'queue', 'spent', 'open_cost', 'input_tokens', 'output_tokens', 'uncounted', 'calls', 'avoided'}) do setField(job, field, false) end
setField(job, 'status', 'queued')
setField(job, 'text_discarded', 1)
setField(job, 'call_key_version', (tonumber(job.call_key_version) or 0) + 1)
setField(job, 'release', redis.call('INCR', C .. 'releases'))
redis.call('ZREM', C .. 'expiring', id .. ' ' .. tenant)
redis.call('ZREM', C .. 'packing', id)
redis.call('ZREM', C .. 'failed', id)
redis.call('ZADD', C .. 'open', int(now), id)
local next = tonumber(job.seq) + 1
writeEvents(job, next, next, eventText(next, 'job.accepted', event), false)
used, resetIn = admit(job, limits)
writeRecord(job)
place(lane, id, tenant, tonumber(job.priority), false, nil, nil)
return {'queued', used, resetIn, lane}
`,
});
