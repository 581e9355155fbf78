import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * Who may write a job's journal, and what an append changes besides. (S4) Every append carries its attempt and its claim's token;
 * a lower attempt, or another token, is refused. (S8) Sent again, it is known by where the journal stands.
 *
 *   fence(id, attempt, token, before, after)
 *       returns nil and 1 where a cancel has been asked for (else 0) where it may be written; or the answer:
 *         {'again', 0 | 1}       it has been applied
 *         {'fenced', attempt}    a later attempt exists, or another claim of this one
 *         {'ended', status}      the job doesn't run
 *         {'mismatch', seq}      the journal stands elsewhere: a failover has undone earlier appends, or the claim
 *         {'missing'}            no such job
 *   checkEvents(at), checkChanges(at)
 *       (S6) fail, before anything is written, where ARGV[at] on are not two numbers of events (before, after), or not as many
 *       changes as is said. The latter returns the position after them
 *   applyChanges(id, at)
 *       sets fields from ARGV[at] on: for each of record, details, calls and steps the number of values, then fields and values;
 *       an empty value takes the field away. Returns the position after them.
 */
export const fence: Fragment = {
  name: 'fence',
  needs: [names],
  lua: `
local function fence(id, attempt, token, before, after)
  local status, own, seq, cancel, ownToken = unpack(
    redis.call('HMGET', jobKey(id), 'status', 'attempt', 'seq', 'cancel_requested_at', 'token'))
  if not status then return {'missing'} end
  if tonumber(own) < tonumber(attempt) then return {'mismatch', seq} end
  if own ~= attempt or ownToken ~= token then return {'fenced', own} end
  if seq == after then return {'again', cancel and 1 or 0} end
  if status ~= 'running' then return {'ended', status} end
  if seq ~= before then return {'mismatch', seq} end
  return nil, cancel and 1 or 0
end

-- What is beyond 2^52 could not be counted on from.
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

local changedParts = {false, 'details', 'calls', 'steps'}
local function applyPart(key, at, last)
  local set, gone = {}, {}
  for field = at + 1, last, 2 do
    if ARGV[field + 1] == '' then gone[#gone + 1] = ARGV[field]
    else
      set[#set + 1] = ARGV[field]
      set[#set + 1] = ARGV[field + 1]
    end
  end
  -- unpack fails above some thousands of values.
  for from = 1, #set, 1000 do redis.call('HSET', key, unpack(set, from, math.min(from + 999, #set))) end
  for from = 1, #gone, 1000 do redis.call('HDEL', key, unpack(gone, from, math.min(from + 999, #gone))) end
end

local function applyChanges(id, at)
  for _, part in ipairs(changedParts) do
    -- Most appends change nothing besides the log.
    if ARGV[at] == '0' then at = at + 1
    else
      local last = at + ARGV[at]
      applyPart(jobKey(id, part), at, last)
      at = last + 1
    end
  end
  return at
end
`,
};
