import { clock } from '../../lua/clock.ts';
import { fence, fenceFields } from '../../lua/fence.ts';
import { luaList, record } from '../../lua/record.ts';
import { endFields, runEnd } from '../../lua/run-end.ts';
import { segments } from '../../lua/segments.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Appends an attempt's last events. Ends the job, or puts it back into the queue; (S5) events, state, ledger and permit change
 * together. A job with a cancel request never goes back: it ends as cancelled.
 *
 *   ARGV  …, id, attempt, token, seq before, seq after, bytes, status: completed, failed, cancelled or queued, retention in ms,
 *         ms until the next attempt is due, 1 if that waits in the lane of its model, no longer as a follower,
 *         output (JSON) or '', text (JSON) or '', each as text or as a staged value, changes (`applyChanges` of `fence`)
 *   returns {'applied', its new status, lanes in which the tenant may run again …}, an answer of `fence`, or
 *           {'not_staged'}  a staged value has expired
 */
export const finishScript = new CellScript({
  needs: [clock, record, fence, runEnd, segments],
  // The end of a job frees memory.
  whenFull: true,
  body: `
local id, attempt, token, before, after, bytes, status = unpack(ARGV, 2, 8)
local retention, delay, leaves, output, text = ms(ARGV[9]), ms(ARGV[10]), ARGV[11], ARGV[12], ARGV[13]
checkEvents(5)
checkChanges(14)
local job = readRecord(id, ${luaList(fenceFields, endFields, ['priority', 'deadline_at'])})
local refused = fence(job, attempt, token, before, after)
if refused then return refused end
if not isWhole(output) or not isWhole(text) then return {'not_staged'} end
applyChanges(job, 14)
if output ~= '' then storeValue(job, 'output', output) end
if text ~= '' then storeValue(job, 'text', text) end
local first, last = tonumber(before) + 1, tonumber(after)
if status ~= 'queued' then
  return {'applied', status, unpack(endJob(job, status, first, last, bytes, retention, output ~= '' and output or nil))}
end
if job.cancel_requested_at then
  addLeftovers(id, job.lane)
  local cancelled = eventText(last + 1, 'job.cancelled', '{}')
  return {'applied', 'cancelled', unpack(endJob(job, 'cancelled', first, last + 1, bytes .. cancelled, retention))}
end
local unblocked = remove(job.queue or job.lane, id, job.release, job.tenant)
if leaves == '1' then setField(job, 'queue', false) end
setField(job, 'status', 'queued')
setField(job, 'release', redis.call('INCR', C .. 'releases'))
setField(job, 'retry_at', int(now + delay))
writeEvents(job, first, last, bytes, false)
writeRecord(job)
place(job.queue or job.lane, id, job.tenant, tonumber(job.priority), true, now + delay, tonumber(job.deadline_at))
return {'applied', 'queued', unpack(unblocked)}
`,
});
