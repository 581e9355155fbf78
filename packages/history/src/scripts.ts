/** The two scripts that write the history. Both are all or nothing, so that whatever breaks off in between, nothing counts twice. */
import { Script } from '@holdfast/redis';
import { type BucketKind, bucketShapes, caps, OTHER } from './buckets.ts';

/**
 * addTo(key, adds, ttl)   adds fields to a bucket. `adds`: field, its counts, field, its counts …
 *
 * Where a group is full, a new name's counts go to `~other`. How many names a group has is a field of the bucket as well: `~<group>`.
 */
const addTo = `
local caps = {${Object.entries(caps)
  .map(([group, cap]) => `${group} = ${cap}`)
  .join(', ')}}
local MAX = 2 ^ 53 - 1

local function parse(text, into)
  for index, count in string.gmatch(text, '(%d+):(%d+)') do into[index] = (into[index] or 0) + tonumber(count) end
  return into
end

local function format(counts)
  local parts = {}
  for index, count in pairs(counts) do parts[#parts + 1] = index .. ':' .. string.format('%.0f', math.min(MAX, count)) end
  return table.concat(parts, ' ')
end

local function addTo(key, adds, ttl)
  if #adds == 0 then return end
  local fields = {}
  for group in pairs(caps) do
    fields[#fields + 1] = '~' .. group
    fields[#fields + 1] = group .. ' ${OTHER}'
  end
  for at = 1, #adds, 2 do fields[#fields + 1] = adds[at] end
  local known, changed = {}, {}
  -- unpack fails with several thousand values.
  for from = 1, #fields, 1000 do
    local last = math.min(from + 999, #fields)
    local values = redis.call('HMGET', key, unpack(fields, from, last))
    for at = from, last do
      local value = values[at - from + 1]
      if value then known[fields[at]] = parse(value, {}) end
    end
  end
  for at = 1, #adds, 2 do
    local field = adds[at]
    local group = string.match(field, '^%S+')
    if caps[group] and not known[field] and field ~= group .. ' ${OTHER}' then
      local names = known['~' .. group] or {}
      if (names['0'] or 0) >= caps[group] then field = group .. ' ${OTHER}'
      else
        names['0'] = (names['0'] or 0) + 1
        known['~' .. group], changed['~' .. group] = names, true
      end
    end
    known[field], changed[field] = parse(adds[at + 1], known[field] or {}), true
  end
  local set = {}
  for field in pairs(changed) do
    set[#set + 1] = field
    set[#set + 1] = format(known[field])
  end
  for from = 1, #set, 1000 do redis.call('HSET', key, unpack(set, from, math.min(from + 999, #set))) end
  redis.call('EXPIRE', key, ttl, 'NX')
end
`;

const shapeOf = (kind: BucketKind) => {
  const { seconds, keptS } = bucketShapes[kind];
  return { seconds, keptS };
};

/** How long the number of a process' last flush is kept, in seconds: longer than it sends one again. */
const FLUSHED_KEPT_S = 86_400;

/**
 * Counts one flush of a process, in the minute and the hour that it is by Redis' clock. A flush that is sent again after a lost reply
 * has the same number, and is counted once. If Redis' clock was set back, it counts in the first minute that isn't rolled up. The first
 * flush of all notes where rolling up has to begin.
 *
 *   KEYS  H rolled
 *   ARGV  H, process, number of the flush, how many arguments follow for all tenants together, these: field, counts …;
 *         then for each tenant: field, counts …
 *   returns 1 counted, 0 it was counted before
 */
export const flushScript = new Script(`${addTo}
local base, process, number, ofAll = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local flushed = base .. 'flushed:' .. process
if tonumber(redis.call('GET', flushed) or 0) >= number then return 0 end
local seconds = tonumber(redis.call('TIME')[1])
local rolled = redis.call('HMGET', KEYS[1], 'minute', 'tenants-hour')
if not rolled[1] then
  local first = {${(['minute', 'quarter', 'hour', 'tenants-hour'] as const).map((kind) => `['${kind}'] = ${shapeOf(kind).seconds}`).join(', ')}}
  for kind, length in pairs(first) do redis.call('HSET', KEYS[1], kind, string.format('%.0f', math.floor(seconds / length))) end
end
local function current(length, first) return string.format('%.0f', math.max(math.floor(seconds / length), tonumber(first or 0))) end
local all, tenants = {}, {}
for at = 5, 4 + ofAll do all[#all + 1] = ARGV[at] end
for at = 5 + ofAll, #ARGV do tenants[#tenants + 1] = ARGV[at] end
addTo(base .. 'minute:' .. current(60, rolled[1]), all, ${shapeOf('minute').keptS})
addTo(base .. 'tenants-hour:' .. current(3600, rolled[2]), tenants, ${shapeOf('tenants-hour').keptS})
redis.call('SET', flushed, number, 'EX', ${FLUSHED_KEPT_S})
return 1
`);

/** Empty buckets that are skipped in one run. */
const MAX_SKIPPED = 500;

/**
 * Adds the oldest bucket of a kind that is over, and not rolled up yet, to the next coarser one, and notes that in the same step. A bucket
 * is over when its time has passed, and all finer ones of it have been rolled up.
 *
 *   KEYS  H rolled
 *   ARGV  H, kind, its length in s, how many are kept, coarser kind, how many make one of these, how long these are kept in s,
 *         finer kind or '', how many of these make one
 *   returns 1 if there may be more to do, else 0
 */
export const rollUpScript = new Script(`${addTo}
local base, kind, length, kept, coarser, each, ttl, finer, ofFiner = unpack(ARGV)
local limit
if finer == '' then limit = math.floor(redis.call('TIME')[1] / length)
else limit = math.floor(tonumber(redis.call('HGET', KEYS[1], finer) or 0) / ofFiner) end
local next = tonumber(redis.call('HGET', KEYS[1], kind) or nil)
-- Nothing was ever flushed.
if not next then return 0 end
next = math.max(next, limit - kept)
local found, skipped = {}, 0
while next < limit and #found == 0 and skipped < ${MAX_SKIPPED} do
  found = redis.call('HGETALL', base .. kind .. ':' .. string.format('%.0f', next))
  skipped = skipped + 1
  if #found == 0 then next = next + 1 end
end
if #found > 0 then
  local adds = {}
  for at = 1, #found, 2 do
    if string.sub(found[at], 1, 1) ~= '~' then
      adds[#adds + 1] = found[at]
      adds[#adds + 1] = found[at + 1]
    end
  end
  addTo(base .. coarser .. ':' .. string.format('%.0f', math.floor(next / each)), adds, ttl)
  next = next + 1
end
redis.call('HSET', KEYS[1], kind, string.format('%.0f', next))
return next < limit and 1 or 0
`);
