import { clock } from '../../lua/clock.ts';
import { luaList, record } from '../../lua/record.ts';
import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/** A permit that claiming had to grant is checked with BullMQ after so long, in ms. */
const CHECK_AFTER_MS = 5_000;

/** What a worker is told of a job's record, in this order. */
export const claimedFields = [
  ...[
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
  ],
  ...['seq', 'failures', 'provider_calls', 'ambiguous_calls', 'call_key_version', 'text_discarded', 'deadline_at'],
  ...[
    'cancel_requested_at',
    'spent',
    'input_tokens',
    'output_tokens',
    'uncounted',
    'calls',
    'avoided',
    'reserved',
    'shared',
  ],
  ...['shared_ttl', 'due_at', 'created_at', 'tokens', 'request_size', 'request_id'],
] as const;

/** A longer request is read by itself, piece by piece. */
const MAX_INLINE_BYTES = 65_536;

/**
 * Begins an attempt: raises the fencing number. From here on every append of an earlier attempt is refused.
 * A job found running has lost its worker without a word: that counts as a crash. A claim that is sent again because
 * its reply was lost is known by its token, and gets the same attempt. (S1) Whoever runs holds a permit: one that was lost
 * with the scheduler's keys is granted here.
 *
 *   ARGV  …, id, release, token: a text that no other claim has
 *   returns {'claimed', now, request ('' where it is longer than 64 KB), values of `claimedFields`,
 *            ms that it has waited since it was due, or '' where that isn't known: its worker has vanished, or it runs again}
 *           {'ended', status}   nothing to do
 *           {'stale', release}  a later hand-over of the job exists: this one is void
 *           {'missing'}         no such job: expired or deleted
 */
export const claimScript = new CellScript({
  needs: [clock, record, scheduler],
  whenFull: true,
  body: `
local id, release, token = ARGV[2], ARGV[3], ARGV[4]
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
