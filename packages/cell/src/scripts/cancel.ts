import { runEnd } from '../lua/run-end.ts';
import { CellScript } from './cell-script.ts';

/**
 * Stores that a job is to be cancelled. Nobody writes the journal of a queued job, so this script ends it itself; the
 * worker of a running one is told on the control channel, and finds it in the reply to its next append anyway.
 *
 *   ARGV  …, id, retention in ms
 *   returns {'cancelled', release, lane whose queue it was in, lanes in which the tenant may run again …}  it was queued
 *           {'requested'}  it runs; its worker ends it
 *           {'ended'}      it had ended before
 *           {'missing'}
 */
export const cancelScript = new CellScript({
  needs: [runEnd],
  whenFull: true,
  body: `
local id, retention = ARGV[2], ms(ARGV[3])
local status, seq, release, lane, queue = unpack(
  redis.call('HMGET', jobKey(id), 'status', 'seq', 'release', 'lane', 'queue'))
if not status then return {'missing'} end
if status ~= 'queued' and status ~= 'running' then return {'ended'} end
redis.call('HSETNX', jobKey(id), 'cancel_requested_at', int(now))
if status == 'running' then
  redis.call('PUBLISH', C .. 'control', id)
  return {'requested'}
end
leaveCalls(id, lane)
local next = tonumber(seq) + 1
local unblocked = endJob(id, 'cancelled', next, next, eventText(next, 'job.cancelled', '{}'), retention)
return {'cancelled', release, queue or lane, unpack(unblocked)}
`,
});
