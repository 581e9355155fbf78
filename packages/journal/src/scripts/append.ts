import { Script } from '@holdfast/redis';

/** The log gets an index entry each time it passes another so many bytes. */
const INDEX_EVERY_BYTES = 16_384;

/** Finished logs up to this size are copied once, to give back the spare memory that appending left. */
const TRIM_BELOW_BYTES = 1_048_576;

/**
 * What every script that appends has in common: APPEND, index entry, state, expiry, PUBLISH, all or nothing.
 * A message on the live channel is \`<first seq> <last seq> <1 if the job ended with it>\\n<bytes>\`.
 */
export const writeEvents = `
local function writeEvents(first, last, bytes, state, channel, retention)
  local size = redis.call('APPEND', KEYS[2], bytes)
  local before = size - #bytes
  if math.floor(size / ${INDEX_EVERY_BYTES}) > math.floor(before / ${INDEX_EVERY_BYTES}) then
    redis.call('ZADD', KEYS[3], first, before)
  end
  redis.call('HSET', KEYS[1], 'seq', last)
  local ended = state == 'completed' or state == 'failed' or state == 'cancelled'
  if state ~= '' then redis.call('HSET', KEYS[1], 'status', state) end
  if ended then
    local time = redis.call('TIME')
    redis.call('HSET', KEYS[1], 'finished_at', time[1] * 1000 + math.floor(time[2] / 1000))
    if size < ${TRIM_BELOW_BYTES} then
      redis.call('COPY', KEYS[2], KEYS[4], 'REPLACE')
      redis.call('RENAME', KEYS[4], KEYS[2])
    end
    for at = 1, 3 do redis.call('PEXPIRE', KEYS[at], retention) end
  end
  redis.call('PUBLISH', channel, first .. ' ' .. last .. ' ' .. (ended and 1 or 0) .. '\\n' .. bytes)
end
`;

/**
 * Appends an attempt's events, updates the record and publishes, in one step. The terminal event and the final state
 * are therefore one write. Safe to send again after a lost reply.
 *
 *   KEYS  record, log, index, trimmed
 *   ARGV  attempt, seq before, seq after, bytes, new status or '', live channel, retention ms, ticket,
 *         then fields and values; the ticket is that of the attempt's claim: of a job that was forgotten and accepted anew,
 *         and after a failover that lost a claim, two attempts have one number
 *   returns {'applied', 1 if a cancel has been asked for}
 *           {'again', …}        it had been applied before
 *           {'fenced', attempt} a later attempt exists
 *           {'ended', status}   the job has ended
 *           {'mismatch', seq}   the journal stands elsewhere: a failover has undone earlier appends, or the claim
 *           {'missing'}         no such job
 */
export const appendScript = new Script(
  `${writeEvents}
local status, attempt, seq, cancel, ticket = unpack(
  redis.call('HMGET', KEYS[1], 'status', 'attempt', 'seq', 'cancel_requested_at', 'ticket'))
if not status then return {'missing'} end
if tonumber(attempt) < tonumber(ARGV[1]) then return {'mismatch', seq} end
if attempt ~= ARGV[1] or ticket ~= ARGV[8] then return {'fenced', attempt} end
if seq == ARGV[3] then return {'again', cancel and 1 or 0} end
if status ~= 'running' then return {'ended', status} end
if seq ~= ARGV[2] then return {'mismatch', seq} end
for at = 9, #ARGV, 1000 do redis.call('HSET', KEYS[1], unpack(ARGV, at, math.min(at + 999, #ARGV))) end
writeEvents(tonumber(ARGV[2]) + 1, tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6], ARGV[7])
return {'applied', cancel and 1 or 0}
`,
  // What a job under way has paid for must get in, and its end makes room.
  { whenFull: true },
);
