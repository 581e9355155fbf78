/** Scripts that compact the logs of ended jobs. What is read and compressed in between is `packages/journal`'s. */
import { clock } from '../lua/clock.ts';
import { luaList, record } from '../lua/record.ts';
import { segments } from '../lua/segments.ts';
import { CellScript } from './cell-script.ts';

/** Whoever was given a log has so long, in ms; then it is given to another. */
const LEASE_MS = 30_000;
/** Readers that have begun with the log as it was may go on for so long, in ms. */
const OLD_LOG_MS = 15_000;

/**
 * Ended jobs whose logs are to be compacted. Each is given again until `packLog` has packed it; some time after that its log goes.
 *   ARGV  …, most
 *   returns {how many were looked at, ids …}
 */
export const claimCompactionsScript = new CellScript({
  needs: [clock, record, segments],
  whenFull: true,
  body: `
local due = redis.call('ZRANGEBYSCORE', C .. 'compact', '-inf', now, 'LIMIT', 0, ARGV[2])
local reply = {#due}
for _, id in ipairs(due) do
  local job = readRecord(id, {'packed', 'size'})
  if job.packed then
    redis.call('UNLINK', jobKey(id, 'index'), unpack(segmentsOf(jobKey(id, 'log'), tonumber(job.size))))
    redis.call('ZREM', C .. 'compact', id)
  else
    redis.call('ZADD', C .. 'compact', int(now + ${LEASE_MS}), id)
    reply[#reply + 1] = id
  end
end
return reply
`,
});

/**
 * The compressed log takes the place of the log, which goes a little later. Nothing is done where the job was run again meanwhile, has
 * gone, or the compressed log is no gain ('').
 *
 *   ARGV  …, id, number of the log's last event, compressed log (staged) or ''
 *   returns 1 it is packed now
 */
export const packLogScript = new CellScript({
  needs: [clock, record, segments],
  whenFull: true,
  body: `
local id, seq, packed = ARGV[2], ARGV[3], ARGV[4]
local job = readRecord(id, ${luaList(['status', 'seq', 'size'])})
local hasEnded = job.status == 'completed' or job.status == 'failed' or job.status == 'cancelled'
if packed ~= '' and not isWhole(packed) then return 0 end
redis.call('ZREM', C .. 'compact', id)
if packed == '' or not hasEnded or job.seq ~= seq then return 0 end
keepValue(job, 'packed', packed)
writeRecord(job)
local rest = math.max(1, redis.call('PTTL', jobKey(id)))
for _, key in ipairs(segmentsOf(jobKey(id, 'packed'), tonumber(job.packed))) do redis.call('PEXPIRE', key, rest) end
redis.call('ZADD', C .. 'compact', int(now + ${OLD_LOG_MS}), id)
return 1
`,
});

/**
 * The other way round, for a job that is to run again. Its index begins anew: it only saves reading.
 *   ARGV  …, id, log (or its staged value)
 */
export const unpackLogScript = new CellScript({
  needs: [clock, record, segments],
  body: `
local id, log = ARGV[2], ARGV[3]
local job = readRecord(id, {'packed'})
if not job.packed or not isWhole(log) then return end
redis.call('UNLINK', jobKey(id, 'index'), unpack(segmentsOf(jobKey(id, 'packed'), tonumber(job.packed))))
setField(job, 'packed', false)
keepValue(job, 'log', log)
writeRecord(job)
local rest = math.max(1, redis.call('PTTL', jobKey(id)))
for _, key in ipairs(segmentsOf(jobKey(id, 'log'), tonumber(job.size))) do redis.call('PEXPIRE', key, rest) end
-- The run may be refused after all.
redis.call('ZADD', C .. 'compact', int(now + ${LEASE_MS}), id)
`,
});
