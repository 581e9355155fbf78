import type { Fragment } from './fragment.ts';
import { names } from './names.ts';
import { record } from './record.ts';

/** The fields that `segmentsOfJob` needs. */
export const segmentFields = ['request_size', 'output_size', 'text_size', 'size', 'packed'];

/** The largest string: Redis copies a string that grows, which takes many ms for 16 MB. */
export const SEGMENT_BYTES = 1_048_576;

/** Larger than any setting allows a value to be. */
const MAX_OFFSET = 4_000 * SEGMENT_BYTES;

/**
 * Long values lie in segments of 1 MB: `<key>`, `<key>:1`, `<key>:2` … Their sizes are in the record.
 *
 *   writeAt(key, offset, bytes)      writes a piece; safe to repeat
 *   checkOffset(offset)              (S6) fails where the offset is beyond the largest value
 *   segmentsOf(key, size)            the names of all its segments
 *   segmentsOfJob(job)               the names of all segments of a job's long values; `job` has `segmentFields`
 *   isWhole(text), storeValue(job, part, text)
 *       (S9) A value too large for a script's argument is staged: written before, under a unique name, with an expiry. The script
 *       gets `\0<name> <size>` in its place. `isWhole`: whether the whole value is there; true for a text that is not a reference.
 *       Call it before the first write. `storeValue` makes the value a part of the job, without expiry, and sets its size as
 *       `<part>_size` (`writeRecord` has to follow).
 */
export const segments: Fragment = {
  name: 'segments',
  needs: [names, record],
  lua: `
local SEGMENT = ${SEGMENT_BYTES}

local function segmentsOf(key, size)
  local all = {key}
  for at = 1, math.floor((size - 1) / SEGMENT) do all[at + 1] = key .. ':' .. at end
  return all
end

local function checkOffset(offset)
  if offset < 0 or offset > ${MAX_OFFSET} then error('wrong offset') end
end

local function writeAt(key, offset, bytes)
  local done = 0
  repeat
    local at = (offset + done) % SEGMENT
    local number = math.floor((offset + done) / SEGMENT)
    local piece = string.sub(bytes, done + 1, done + SEGMENT - at)
    redis.call('SETRANGE', number == 0 and key or key .. ':' .. number, int(at), piece)
    done = done + #piece
  until done >= #bytes
end

local sizeFields = {request = 'request_size', output = 'output_size', text = 'text_size', log = 'size', packed = 'packed'}
local function segmentsOfJob(job)
  local all = {}
  for part, field in pairs(sizeFields) do
    local size = num(job[field])
    if size then
      for _, key in ipairs(segmentsOf(jobKey(job.id, part), size)) do all[#all + 1] = key end
    end
  end
  return all
end

local function stagedName(text)
  if string.byte(text, 1) ~= 0 then return nil end
  local name, size = string.match(text, '^%z(%S+) (%d+)$')
  return C .. 'value:' .. name, tonumber(size)
end

local function isWhole(text)
  local name, size = stagedName(text)
  if not name then return true end
  local there = 0
  for _, key in ipairs(segmentsOf(name, size)) do there = there + redis.call('STRLEN', key) end
  return there == size
end

local function storeValue(job, part, text)
  local name, size = stagedName(text)
  local key = jobKey(job.id, part)
  if name then
    local to = segmentsOf(key, size)
    for at, from in ipairs(segmentsOf(name, size)) do
      redis.call('RENAME', from, to[at])
      redis.call('PERSIST', to[at])
    end
  else redis.call('SET', key, text) end
  setField(job, sizeFields[part], int(size or #text))
end
`,
};
