import { clock } from '../../lua/clock.ts';
import { luaList, record } from '../../lua/record.ts';
import { endFields, runEnd } from '../../lua/run-end.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Stores the request to cancel a job. A queued job has no worker that writes its journal, so this script ends it; the worker of a
 * running job gets a message on the control channel, and sees the request in the reply to its next append as well.
 *
 *   ARGV  …, id, retention in ms
 *   returns {'cancelled', release, lane whose queue it was in, lanes in which the tenant may run again …}  it was queued
 *           {'requested'}  it is running; its worker will end it
 *           {'ended'}      it had ended before
 *           {'missing'}
 */
export const cancelScript = new CellScript({
  needs: [clock, record, runEnd],
  whenFull: true,
  body: `
local id, retention = ARGV[2], ms(ARGV[3])
local job = readRecord(id, ${luaList(['status', 'seq', 'cancel_requested_at'], endFields)})
if not job.status then return {'missing'} end
if job.status ~= 'queued' and job.status ~= 'running' then return {'ended'} end
if not job.cancel_requested_at then setField(job, 'cancel_requested_at', int(now)) end
if job.status == 'running' then
  writeRecord(job)
  redis.call('PUBLISH', C .. 'control', id)
  return {'requested'}
end
addLeftovers(id, job.lane)
local next = tonumber(job.seq) + 1
local unblocked = endJob(job, 'cancelled', next, next, eventText(next, 'job.cancelled', '{}'), retention)
return {'cancelled', job.release, job.queue or job.lane, unpack(unblocked)}
`,
});
