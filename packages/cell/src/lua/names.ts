import type { Fragment } from './fragment.ts';

/**
 * Key names, and how numbers are read and printed. `keys.ts` says what each key holds.
 *
 *   jobKey(id, part)     the record of a job, or one of its other keys
 *   tenantKey(tenant)    a tenant's own key
 *   sched(what, of)      a key of the scheduler; `of` is a lane or a tenant
 *   int(number)          a whole number with all its digits: `..` and table.concat print 14 only
 *   num(text)            a number that doubles represent exactly, nil for ''. (S6) A larger one becomes the largest of these: no
 *                        command may fail after a script's first write
 *   ms(text)             a duration, nil for '': at most 31 years, so that Redis refuses no expiry
 */
export const names: Fragment = {
  name: 'names',
  needs: [],
  lua: `
local C = ARGV[1]
local function jobKey(id, part)
  if part then return C .. 'job:' .. id .. ':' .. part end
  return C .. 'job:' .. id
end
local function tenantKey(tenant) return C .. 'tenant:' .. tenant end
local function sched(what, of)
  if of then return C .. 'sched:' .. what .. ':' .. of end
  return C .. 'sched:' .. what
end
local function int(number) return string.format('%.0f', number) end
local MAX = 2 ^ 53 - 1
local function num(text)
  local value = tonumber(text)
  return value and math.max(-MAX, math.min(MAX, value))
end
local function ms(text)
  local value = tonumber(text)
  return value and math.max(0, math.min(1e12, math.floor(value)))
end
`,
};
