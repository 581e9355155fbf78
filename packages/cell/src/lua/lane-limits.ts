import { clock } from './clock.ts';
import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * A lane's buckets of requests and tokens.
 *
 *   readLane(lane)  its state, with `buckets` filled up to now
 *   take(state, tokens)  takes a call; returns 0, or the ms until it can be taken, and then takes nothing
 *   writeLane(lane, state)  keeps what has changed
 *
 * A bucket of limit L holds a burst b and gets (L + 1 - b) requests, or (L - b) tokens, in 61 s: then no window of 60 s has
 * more than L in it, with a second to spare for calls that leave later than they were taken. A call that is larger than
 * the burst is taken from a full bucket, which then owes the rest: of an estimate no more than L, so that nobody shuts a lane for
 * long by what a call might take.
 *
 * `shut_until`: the provider asked for quiet. `left_*`: what it said is left until `left_until`, whatever our limits are.
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
  local most, requests, tokens = string.match(values[4] or values[3] or '0 0 0', '^(%S+) (%S+) (%S+)$')
  state.most = tonumber(most)
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
  local told = (state.left_until or 0) > now
  if told and ((state.left_requests or 1) < 1 or (state.left_tokens or tokens) < tokens) then
    wait = math.max(wait, state.left_until - now)
  end
  if wait > 0 then return wait end
  if buckets.requests then buckets.requests.level = buckets.requests.level - 1 end
  if buckets.tokens then buckets.tokens.level = buckets.tokens.level - math.min(tokens, buckets.tokens.limit) end
  if told and state.left_requests then state.left_requests = state.left_requests - 1 end
  if told and state.left_tokens then state.left_tokens = state.left_tokens - tokens end
  return 0
end

local function writeLane(lane, state)
  local changes = {'filled_at', int(now)}
  local function keep(field, value)
    if value then
      changes[#changes + 1] = field
      changes[#changes + 1] = string.format('%.6f', value)
    end
  end
  keep('turn', state.turn)
  keep('requests', state.buckets.requests and state.buckets.requests.level)
  keep('tokens', state.buckets.tokens and state.buckets.tokens.level)
  keep('left_requests', state.left_requests)
  keep('left_tokens', state.left_tokens)
  keep('left_until', state.left_until)
  keep('shut_until', state.shut_until)
  redis.call('HSET', sched('lane', lane), unpack(changes))
end
`,
};
