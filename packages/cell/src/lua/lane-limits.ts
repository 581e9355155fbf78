import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * A lane's buckets of requests and tokens.
 *
 *   readLane(lane)          the lane's state, with `buckets` refilled up to now
 *   take(state, tokens)     takes a call from the buckets and returns 0; or takes nothing and returns the ms to wait for it
 *   writeLane(lane, state)  stores what has changed
 *
 * A bucket of limit L holds a burst b and gets (L + 1 - b) requests, or (L - b) tokens, in 61 s. So no window of 60 s has more
 * than L in it, with a second to spare for calls that leave later than they were taken. A call larger than the burst is taken from
 * a full bucket, which then owes the rest. An estimate counts as L at most: no call may close a lane for long by what it might use.
 *
 * `shut_until`: the provider asked for no calls until then. `left_*`: the headroom that it reported, which holds until
 * `left_until` besides our own limits.
 */
export const laneLimits: Fragment = {
  name: 'lane limits',
  needs: [names, clock],
  lua: `
local laneFields = {'capacity', 'paused', 'config', 'set', 'turn', 'requests', 'tokens', 'filled_at',
  'shut_until', 'left_requests', 'left_tokens', 'left_until'}

local function bucket(limit, share, extra, level, filledAt)
  if limit == 0 then return nil end
  local burst = math.max(1, math.floor(limit * share))
  local rate = math.max(limit + extra - burst, 0.5) / 61000
  return {limit = limit, burst = burst, rate = rate, level = math.min(burst, (level or burst) + (now - (filledAt or now)) * rate)}
end

local function readLane(lane)
  local state = {}
  local values = redis.call('HMGET', sched('lane', lane), unpack(laneFields))
  for at, field in ipairs(laneFields) do state[field] = tonumber(values[at] or nil) end
  local maxRunning, requests, tokens = string.match(values[4] or values[3] or '0 0 0', '^(%S+) (%S+) (%S+)$')
  state.maxRunning = tonumber(maxRunning)
  state.buckets = {
    requests = bucket(tonumber(requests), 0.1, 1, state.requests, state.filled_at),
    tokens = bucket(tonumber(tokens), 0.2, 0, state.tokens, state.filled_at),
  }
  return state
end

local function lacks(held, amount)
  if not held then return 0 end
  local short = math.min(amount, held.burst) - held.level
  return short > 0 and math.ceil(math.min(1e12, short / held.rate)) or 0
end

local function take(state, tokens)
  if (state.shut_until or 0) > now then return state.shut_until - now end
  local buckets = state.buckets
  local wait = math.max(lacks(buckets.requests, 1), lacks(buckets.tokens, tokens))
  local isReported = (state.left_until or 0) > now
  if isReported and ((state.left_requests or 1) < 1 or (state.left_tokens or tokens) < tokens) then
    wait = math.max(wait, state.left_until - now)
  end
  if wait > 0 then return wait end
  if buckets.requests then buckets.requests.level = buckets.requests.level - 1 end
  if buckets.tokens then buckets.tokens.level = buckets.tokens.level - math.min(tokens, buckets.tokens.limit) end
  if isReported and state.left_requests then state.left_requests = state.left_requests - 1 end
  if isReported and state.left_tokens then state.left_tokens = state.left_tokens - tokens end
  return 0
end

local function writeLane(lane, state)
  local changes = {'filled_at', int(now)}
  local function change(field, value)
    if value then
      changes[#changes + 1] = field
      changes[#changes + 1] = string.format('%.6f', value)
    end
  end
  change('turn', state.turn)
  change('requests', state.buckets.requests and state.buckets.requests.level)
  change('tokens', state.buckets.tokens and state.buckets.tokens.level)
  change('left_requests', state.left_requests)
  change('left_tokens', state.left_tokens)
  change('left_until', state.left_until)
  change('shut_until', state.shut_until)
  redis.call('HSET', sched('lane', lane), unpack(changes))
end
`,
};
