import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * A job's record. A script reads the fields that it needs with one command, and writes its changes with one.
 *
 *   readRecord(id, fields)       a job with these fields, as text; absent ones are nil. It has `id` even if there is no such job
 *   setField(job, field, value)  changes the job at once, and the record with `writeRecord`; false deletes the field
 *   writeRecord(job)             writes the changes
 *   writeFields(key, changes)    sets fields of a hash; false deletes a field
 */
export const record: Fragment = {
  name: 'record',
  needs: [names],
  lua: `
local function readRecord(id, fields)
  local job = {id = id, changes = {}}
  local values = redis.call('HMGET', jobKey(id), unpack(fields))
  for at, field in ipairs(fields) do job[field] = values[at] or nil end
  return job
end

local function setField(job, field, value)
  job[field] = value or nil
  job.changes[field] = value
end

local function writeFields(key, changes)
  local set, gone = {}, {}
  for field, value in pairs(changes) do
    if value then
      set[#set + 1] = field
      set[#set + 1] = value
    else gone[#gone + 1] = field end
  end
  -- unpack fails with several thousand values. Deletes first: a hash that becomes empty so is stored anew, in its small form.
  for from = 1, #gone, 1000 do redis.call('HDEL', key, unpack(gone, from, math.min(from + 999, #gone))) end
  for from = 1, #set, 1000 do redis.call('HSET', key, unpack(set, from, math.min(from + 999, #set))) end
end

local function writeRecord(job)
  writeFields(jobKey(job.id), job.changes)
  job.changes = {}
end
`,
};

/** Field names as a list in Lua. */
export function luaList(...fields: readonly (readonly string[])[]): string {
  return `{${[...new Set(fields.flat())].map((field) => `'${field}'`).join(', ')}}`;
}
