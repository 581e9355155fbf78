import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/** Bounds of the sample, so that the script takes less than a millisecond whatever waits. */
const MAX_TENANTS = 32;
const MAX_JOBS = 64;
const MAX_CLASSES = 4;

/**
 * How deep a lane is. The numbers are exact; age and tokens come from a sample, which costs submits and dispatches nothing:
 *
 *   tenants   the heads of both rings, up to 32 of each: those whose last turn is longest ago. A tenant at its own limit is on no
 *             ring: more workers would not help it
 *   age       of each of these tenants the first job of its highest four classes: within a class it has waited longest. And jobs that
 *             were handed to BullMQ and that no worker has claimed
 *   tokens    the mean of each tenant's first jobs, weighted by how many it has waiting
 *
 *   ARGV  …, lane
 *   returns {placed, delayed, permits, ms that the oldest has waited or -1, mean tokens of a waiting job}
 */
export const depthScript = new CellScript({
  needs: [scheduler],
  whenFull: true,
  body: `
local lane = ARGV[2]
local oldest = -1

local function look(id)
  local status, tokens, attempt, retry, due, created = unpack(redis.call('HMGET', jobKey(id),
    'status', 'tokens', 'attempt', 'retry_at', 'due_at', 'created_at'))
  if status ~= 'queued' then return nil end
  -- A job that was handed back has no time from which it waits.
  local since = num(attempt == '0' and (due or created) or retry or nil)
  if since then oldest = math.max(oldest, now - since) end
  return num(tokens) or 0
end

local tenants = redis.call('LRANGE', sched('new', lane), 0, ${MAX_TENANTS - 1})
for _, name in ipairs(redis.call('LRANGE', sched('old', lane), 0, ${MAX_TENANTS - 1})) do tenants[#tenants + 1] = name end
local each = math.max(1, math.floor(${MAX_JOBS} / math.max(1, #tenants)))
local sampled, weighted = 0, 0
for _, name in ipairs(tenants) do
  local backlog = backlogOf(lane, name)
  local waiting = redis.call('ZCARD', backlog)
  local found, sum = 0, 0
  for _, id in ipairs(redis.call('ZRANGE', backlog, 0, each - 1)) do
    local tokens = look(id)
    if tokens then found, sum = found + 1, sum + tokens end
  end
  if found > 0 then sampled, weighted = sampled + waiting, weighted + waiting * sum / found end
  local head = redis.call('ZRANGE', backlog, 0, 0, 'WITHSCORES')
  for _ = 2, ${MAX_CLASSES} do
    if not head[2] then break end
    local next = (math.floor(head[2] / 2 ^ 44) + 1) * 2 ^ 44
    head = redis.call('ZRANGEBYSCORE', backlog, int(next), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if head[1] then look(head[1]) end
  end
end

local handed, handedTokens = 0, 0
for _, permit in ipairs(redis.call('ZRANGE', sched('permits', lane), 0, ${MAX_JOBS - 1})) do
  local tokens = look(string.match(permit, '^(.*)%.%d+$') or permit)
  if tokens then handed, handedTokens = handed + 1, handedTokens + tokens end
end
if sampled == 0 then sampled, weighted = handed, handedTokens end

return {tonumber(redis.call('HGET', sched('lanes'), lane) or 0), redis.call('ZCARD', sched('due', lane)),
  redis.call('ZCARD', sched('permits', lane)), int(oldest), int(sampled > 0 and weighted / sampled or 0)}
`,
});
