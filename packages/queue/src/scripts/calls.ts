/** Scripts about a lane's provider calls: taken before they are made, settled after, slowed down by what the provider says. */
import { FeedScript } from './feed-state.ts';
import { laneLimits } from './lane-limits.ts';

/**
 * Takes a call from the lane's buckets.
 *   ARGV  …, tokens
 *   returns 0 taken, or the ms to wait
 */
export const reserveCallScript = new FeedScript(`${laneLimits}
readLane()
local ms = take(tonumber(ARGV[3]))
if ms == 0 then writeLane() end
return ms
`);

/**
 * Puts back what a call didn't use, or takes what it used more.
 *   ARGV  …, tokens taken, tokens used
 */
export const settleCallScript = new FeedScript(`${laneLimits}
readLane()
if not buckets.tokens then return end
buckets.tokens.level = math.min(buckets.tokens.burst, buckets.tokens.level + ARGV[3] - ARGV[4])
writeLane()
`);

/** Two resets that lie no further apart, in ms, are of the same window of the provider. */
const SAME_WINDOW_MS = 1_000;

/**
 * What the provider said. Within one of its windows the lowest word counts: calls under way are not in what it says is left.
 *   ARGV  …, requests left or '', tokens left or '', ms until these are reset or '', ms of quiet asked for or ''
 */
export const slowDownScript = new FeedScript(`${laneLimits}
readLane()
local requests, tokens, reset, quiet = unpack(ARGV, 3)
if quiet ~= '' then state.shut_until = math.max(state.shut_until or 0, now + quiet) end
if reset ~= '' then
  local same = (state.left_until or 0) > now and math.abs(state.left_until - now - reset) < ${SAME_WINDOW_MS}
  local function lowest(said, known)
    if said == '' then return same and known or nil end
    return same and known and math.min(said, known) or tonumber(said)
  end
  state.left_requests = lowest(requests, state.left_requests)
  state.left_tokens = lowest(tokens, state.left_tokens)
  redis.call('HDEL', KEYS[1], 'left_requests', 'left_tokens')
  if not same then state.left_until = now + reset end
end
writeLane()
`);
