import type { Fragment } from './fragment.ts';
import { names } from './names.ts';
import { record } from './record.ts';

/** The fields that `fence` needs. */
export const fenceFields = ['status', 'attempt', 'token', 'seq', 'cancel_requested_at'];

/**
 * Who may write a job's journal, and what an append changes besides the log. (S4) Every append carries its attempt and its claim's
 * token; a lower attempt, or another token, is refused. (S8) An append that is sent again is recognized by its sequence numbers.
 *
 *   fence(job, attempt, token, before, after)
 *       `job` has `fenceFields`. Returns nil where the journal may be written, or the answer:
 *         {'again', 0 | 1}       the append was applied before
 *         {'fenced', attempt}    a later attempt exists, or another claim of this one
 *         {'ended', status}      the job doesn't run
 *         {'mismatch', seq}      the journal is at another event: a failover has rolled back earlier appends, or the claim
 *         {'missing'}            no such job
 *   checkEvents(at), checkChanges(at)
 *       (S6) fail, before anything is written, where the arguments from ARGV[at] on are not two event numbers (before, after), or
 *       not the announced number of changes. The latter returns the position after them
 *   cancelFlag(job)
 *       1 where a cancel was requested, else 0
 *   applyChanges(job, at)
 *       sets fields from ARGV[at] on: for each of record, details, calls and steps the number of values, then fields and values;
 *       an empty value deletes the field. `writeRecord` has to follow for those of the record. Returns the position after them.
 */
export const fence: Fragment = {
  name: 'fence',
  needs: [names, record],
  lua: `
local function cancelFlag(job) return job.cancel_requested_at and 1 or 0 end

local function fence(job, attempt, token, before, after)
  if not job.status then return {'missing'} end
  if tonumber(job.attempt) < tonumber(attempt) then return {'mismatch', job.seq} end
  if job.attempt ~= attempt or job.token ~= token then return {'fenced', job.attempt} end
  if job.seq == after then return {'again', cancelFlag(job)} end
  if job.status ~= 'running' then return {'ended', job.status} end
  if job.seq ~= before then return {'mismatch', job.seq} end
  return nil
end

-- Above 2^52 the next numbers would not be exact.
local function checkEvents(at)
  local before, after = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local isWhole = before and after and before % 1 == 0 and after % 1 == 0
  if not isWhole or before < 0 or after <= before or after > 2 ^ 52 then error('events have wrong numbers') end
end

local function checkChanges(at)
  for _ = 1, 4 do
    if ARGV[at] == '0' then at = at + 1
    else
      local values = tonumber(ARGV[at])
      if not values or values < 0 or values % 2 ~= 0 or at + values > #ARGV then error('wrong number of changes') end
      at = at + 1 + values
    end
  end
  return at
end

local changedParts = {'record', 'details', 'calls', 'steps'}
local function applyChanges(job, at)
  for _, part in ipairs(changedParts) do
    -- Usually an append changes nothing besides the log.
    if ARGV[at] == '0' then at = at + 1
    else
      local last, changes = at + ARGV[at], {}
      for field = at + 1, last, 2 do
        local value = ARGV[field + 1] ~= '' and ARGV[field + 1]
        if part == 'record' then setField(job, ARGV[field], value) else changes[ARGV[field]] = value end
      end
      if part ~= 'record' then writeFields(jobKey(job.id, part), changes) end
      at = last + 1
    end
  end
  return at
end
`,
};
