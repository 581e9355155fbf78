import { archiving } from './archiving/archiving.ts';
import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import {
  INDEX_EVERY_BYTES,
  journal,
  journalFields,
  PACK_LOG_FROM_BYTES,
  PACK_REQUEST_FROM_BYTES,
  PACK_REQUEST_TO_BYTES,
} from './journal.ts';
import { ledger, ledgerFields } from './ledger.ts';
import { names } from './names.ts';
import { scheduler } from './scheduler.ts';
import { segmentFields, segments } from './segments.ts';

/** The fields that `endJob` needs. */
export const endFields = [
  'tenant',
  'lane',
  'queue',
  'release',
  'retry_at',
  ...journalFields,
  ...ledgerFields,
  ...segmentFields,
];

/**
 * How a job ends. (S5) Terminal event, final state, ledger and permit change together.
 *
 *   endJob(job, status, first, last, bytes, retention, output)
 *        writes the events (the last one ends the job), settles the run, removes the job from the scheduler and from `open`, and
 *        sets the expiry of all its keys. `job` has `endFields`; `output` is its answer, or nil (`writeEvents`). Returns the lanes
 *        in which its tenant may run again.
 *   addLeftovers(id, lane)
 *        for a job that ends without a worker: lists the responses that may still run at a provider, for a worker to cancel
 */
export const runEnd: Fragment = {
  name: 'run end',
  needs: [names, clock, archiving, journal, ledger, scheduler, segments],
  lua: `
local function endJob(job, status, first, last, bytes, retention, output)
  local id, tenant = job.id, job.tenant
  setField(job, 'status', status)
  setField(job, 'finished_at', int(now))
  if job.retry_at then setField(job, 'retry_at', false) end
  writeEvents(job, first, last, bytes, true, output)
  settleRun(job)
  writeRecord(job)
  local size, request = tonumber(job.size), num(job.request_size) or 0
  local isLong = request >= ${PACK_REQUEST_FROM_BYTES} and request <= ${PACK_REQUEST_TO_BYTES}
  if isLong or size >= ${PACK_LOG_FROM_BYTES} then redis.call('ZADD', C .. 'packing', int(now), id) end
  toArchive(id)
  redis.call('ZREM', C .. 'open', id)
  redis.call('ZADD', C .. 'expiring', int(now + retention), id .. ' ' .. tenant)
  if status == 'failed' then redis.call('ZADD', C .. 'failed', int(now), id) end
  local expiring = segmentsOfJob(job)
  for _, part in ipairs({'details', 'calls', 'steps'}) do expiring[#expiring + 1] = jobKey(id, part) end
  if size >= ${INDEX_EVERY_BYTES} then expiring[#expiring + 1] = jobKey(id, 'index') end
  expiring[#expiring + 1] = jobKey(id)
  for _, key in ipairs(expiring) do redis.call('PEXPIRE', key, int(retention)) end
  return remove(job.queue or job.lane, id, job.release, tenant)
end

local function addLeftovers(id, lane)
  local calls = redis.call('HGETALL', jobKey(id, 'calls'))
  for at = 1, #calls, 2 do
    if calls[at]:sub(1, 5) == 'call:' and calls[at + 1]:find('"response":{', 1, true) then
      redis.call('ZADD', C .. 'leftover', int(now), cjson.encode({lane = lane, since = int(now), call = calls[at + 1]}))
    end
  end
end
`,
};
