import type { Fragment } from './fragment.ts';
import { journal } from './journal.ts';
import { ledger } from './ledger.ts';
import { names } from './names.ts';
import { scheduler } from './scheduler.ts';
import { segments } from './segments.ts';

/** A finished log that is smaller is only trimmed; others are worth compressing. */
const COMPACT_FROM_BYTES = 4_096;

/**
 * How a job ends. (S5) Terminal event, final state, ledger and permit change together.
 *
 *   endJob(id, status, first, last, bytes, retention)
 *        writes the events (the last one ends the job), settles the run, takes the job out of the scheduler and off `open`, and
 *        sets the expiry of all it has. Returns the lanes in which its tenant may run again.
 *   leaveCalls(id, lane)
 *        responses that may still run at a provider, of a job that ends without a worker: somebody is to end them
 */
export const runEnd: Fragment = {
  name: 'run end',
  needs: [names, journal, ledger, scheduler, segments],
  lua: `
local shortParts = {'details', 'calls', 'steps', 'index'}

-- Appending leaves spare memory behind a log.
local function trimLog(id, size)
  local log = jobKey(id, 'log')
  if size < ${COMPACT_FROM_BYTES} then redis.call('SET', log, redis.call('GETRANGE', log, 0, size - 1))
  else redis.call('ZADD', C .. 'compact', int(now), id) end
end

local function endJob(id, status, first, last, bytes, retention)
  local tenant, lane, queue, release, retry = unpack(
    redis.call('HMGET', jobKey(id), 'tenant', 'lane', 'queue', 'release', 'retry_at'))
  redis.call('HSET', jobKey(id), 'status', status, 'finished_at', int(now))
  if retry then redis.call('HDEL', jobKey(id), 'retry_at') end
  local _, size = writeEvents(id, first, last, bytes, true)
  trimLog(id, size)
  settleRun(id, tenant)
  redis.call('ZREM', C .. 'open', id)
  redis.call('ZADD', C .. 'expiring', int(now + retention), id .. ' ' .. tenant)
  redis.call('PEXPIRE', jobKey(id), int(retention))
  for _, part in ipairs(shortParts) do redis.call('PEXPIRE', jobKey(id, part), int(retention)) end
  for _, key in ipairs(segmentsOfJob(id)) do redis.call('PEXPIRE', key, int(retention)) end
  return remove(queue or lane, id, release, tenant)
end

local function leaveCalls(id, lane)
  local calls = redis.call('HGETALL', jobKey(id, 'calls'))
  for at = 1, #calls, 2 do
    if calls[at]:sub(1, 5) == 'call:' and calls[at + 1]:find('"response":{', 1, true) then
      redis.call('ZADD', C .. 'leftover', int(now), cjson.encode({lane = lane, since = int(now), call = calls[at + 1]}))
    end
  end
end
`,
};
