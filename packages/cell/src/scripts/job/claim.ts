import { clock } from '../../lua/clock.ts';
import { luaList, record } from '../../lua/record.ts';
import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/** When a permit that `claim` had to grant is checked with BullMQ, in ms from now. */
const CHECK_AFTER_MS = 5_000;

/** The fields of a job's record that a worker gets, in this order. */
export const claimedFields = [
  'status',
  'release',
  'attempt',
  'crashes',
  'token',
  'tenant',
  'lane',
  'queue',
  'started_at',
  'retry_at',
  'staged',
  'seq',
  'failures',
  'provider_calls',
  'ambiguous_calls',
  'call_key_version',
  'text_discarded',
  'deadline_at',
  'cancel_requested_at',
  'spent',
  'input_tokens',
  'output_tokens',
  'uncounted',
  'calls',
  'avoided',
  'reserved',
  'shared',
  'shared_ttl',
  'due_at',
  'created_at',
  'tokens',
  'request_size',
  'request_id',
  'traceparent',
] as const;

/** A larger request is read separately, piece by piece. */
const MAX_INLINE_BYTES = 65_536;

/**
 * Begins an attempt: raises the attempt number, which is the fence. From here on every append of an earlier attempt is refused.
 * A job that is already running has lost its worker: that counts as a crash. A claim that is sent again after a lost reply is
 * recognized by its token, and gets the same attempt. (S1) A running job holds a permit: one that was lost with the scheduler's
 * keys is granted here.
 *
 *   ARGV  …, id, release, token: unique to this claim, worker or '-': what the timeline says of who runs the attempt
 *   returns {'claimed', now, request ('' where it is larger than 64 KB), values of `claimedFields`,
 *            ms since it was due, or '' where that isn't known: its worker has crashed, or it is a retry}
 *           {'ended', status}   nothing to do
 *           {'stale', release}  a later release of the job exists: this one is void
 *           {'missing'}         no such job: it expired or was deleted
 */
export const claimScript = new CellScript({
  needs: [clock, record, scheduler],
  whenFull: true,
  body: `
local id, release, token, worker = ARGV[2], ARGV[3], ARGV[4], ARGV[5] or '-'
local fields = ${luaList(claimedFields)}
local job = readRecord(id, fields)
if not job.status then return {'missing'} end
if job.status ~= 'queued' and job.status ~= 'running' then return {'ended', job.status} end
if job.release ~= release then return {'stale', job.release} end
local dueAt = job.retry_at
if job.attempt == '0' then dueAt = job.due_at or job.created_at end
if job.status == 'running' then dueAt = nil end
local queue = job.queue or job.lane
if not redis.call('ZSCORE', sched('permits', queue), id .. '.' .. release) then
  unplace(queue, id, job.tenant)
  count(sched('lanes'), queue, 1)
  grantPermit(queue, id, release, job.tenant, now + ${CHECK_AFTER_MS})
end
if job.status ~= 'running' or job.token ~= token then
  if job.status == 'running' then setField(job, 'crashes', int((tonumber(job.crashes) or 0) + 1)) end
  setField(job, 'status', 'running')
  setField(job, 'token', token)
  setField(job, 'attempt', int(job.attempt + 1))
  -- The timeline (timeline-fields.ts of the journal). Most jobs have one attempt, and need no other key than the record.
  local ran = int(now - job.created_at) .. ' ' .. worker
  if job.attempt == '1' then setField(job, 'ran:1', ran)
  else redis.call('HSET', jobKey(id, 'calls'), 'ran:' .. job.attempt, ran) end
  if not job.started_at then setField(job, 'started_at', int(now)) end
  if job.retry_at then setField(job, 'retry_at', false) end
  if job.staged then setField(job, 'staged', false) end
  writeRecord(job)
end
local values = {}
for at, field in ipairs(fields) do values[at] = job[field] or '' end
local request = (num(job.request_size) or 0) <= ${MAX_INLINE_BYTES} and redis.call('GET', jobKey(id, 'request'))
return {'claimed', int(now), request or '', values, dueAt and int(now - dueAt) or ''}
`,
});
