/** Scripts that pack the logs and requests of ended jobs. `packages/journal` reads and compresses them. */
import { clock } from '../../lua/clock.ts';
import { PACK_REQUEST_TO_BYTES } from '../../lua/journal.ts';
import { luaList, record } from '../../lua/record.ts';
import { segments } from '../../lua/segments.ts';
import { CellScript } from '../cell-script.ts';

/** How long a process has to pack a job, in ms; then another process gets it. */
const LEASE_MS = 30_000;
/** How long readers that have begun with the unpacked log may go on, in ms. */
const OLD_LOG_MS = 15_000;

/**
 * Ended jobs to pack. Each is returned again until `packJob` has packed it. Some time after that, this script deletes its unpacked
 * log and request.
 *
 *   ARGV  …, maximum
 *   returns {how many were checked, ids …}
 */
export const claimPackingScript = new CellScript({
  needs: [clock, record, segments],
  whenFull: true,
  body: `
local due = redis.call('ZRANGEBYSCORE', C .. 'packing', '-inf', now, 'LIMIT', 0, ARGV[2])
local reply = {#due}
for _, id in ipairs(due) do
  local job = readRecord(id, {'packed', 'size', 'request_size'})
  if job.packed then
    redis.call('UNLINK', jobKey(id, 'index'), unpack(segmentsOf(jobKey(id, 'log'), tonumber(job.size))))
    if (num(job.request_size) or 0) <= ${PACK_REQUEST_TO_BYTES} then redis.call('UNLINK', jobKey(id, 'request')) end
    redis.call('ZREM', C .. 'packing', id)
  else
    redis.call('ZADD', C .. 'packing', int(now + ${LEASE_MS}), id)
    reply[#reply + 1] = id
  end
end
return reply
`,
});

/**
 * Replaces log and request by their packed form; they are deleted a little later. No effect where the job was retried or deleted
 * meanwhile, or where packing saves nothing ('').
 *
 *   ARGV  …, id, number of the log's last event, request and log, packed (staged), or ''
 *   returns 1 it is packed now, else 0
 */
export const packJobScript = new CellScript({
  needs: [clock, record, segments],
  whenFull: true,
  body: `
local id, seq, packed = ARGV[2], ARGV[3], ARGV[4]
local job = readRecord(id, ${luaList(['status', 'seq', 'size'])})
local hasEnded = job.status == 'completed' or job.status == 'failed' or job.status == 'cancelled'
if packed ~= '' and not isWhole(packed) then return 0 end
redis.call('ZREM', C .. 'packing', id)
if packed == '' or not hasEnded or job.seq ~= seq then return 0 end
storeValue(job, 'packed', packed)
writeRecord(job)
local rest = math.max(1, redis.call('PTTL', jobKey(id)))
for _, key in ipairs(segmentsOf(jobKey(id, 'packed'), tonumber(job.packed))) do redis.call('PEXPIRE', key, rest) end
redis.call('ZADD', C .. 'packing', int(now + ${OLD_LOG_MS}), id)
return 1
`,
});

/**
 * Unpacks a job before a retry. Its index begins anew, since it only saves reading.
 *
 *   ARGV  …, id, log (or its staged value), request, or '' where that was not packed
 */
export const unpackJobScript = new CellScript({
  needs: [clock, record, segments],
  body: `
local id, log, request = ARGV[2], ARGV[3], ARGV[4]
local job = readRecord(id, {'packed'})
if not job.packed or not isWhole(log) or not isWhole(request) then return end
redis.call('UNLINK', jobKey(id, 'index'), unpack(segmentsOf(jobKey(id, 'packed'), tonumber(job.packed))))
setField(job, 'packed', false)
storeValue(job, 'log', log)
if request ~= '' then storeValue(job, 'request', request) end
writeRecord(job)
local rest = math.max(1, redis.call('PTTL', jobKey(id)))
for _, key in ipairs(segmentsOf(jobKey(id, 'log'), tonumber(job.size))) do redis.call('PEXPIRE', key, rest) end
if request ~= '' then redis.call('PEXPIRE', jobKey(id, 'request'), rest) end
-- The retry may still be refused.
redis.call('ZADD', C .. 'packing', int(now + ${LEASE_MS}), id)
`,
});
