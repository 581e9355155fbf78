/** Scripts about a lane's provider calls: acquired before they are made, corrected after, slowed down by what the provider says. */
import { laneLimits } from '../../lua/lane-limits.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Takes a call from the lane's buckets.
 *   ARGV  …, lane, tokens
 *   returns 0 taken, or the ms to wait
 */
export const acquireCallScript = new CellScript({
  needs: [laneLimits],
  whenFull: true,
  body: `
local lane = ARGV[2]
local state = readLane(lane)
local ms = take(state, num(ARGV[3]))
if ms == 0 then writeLane(lane, state) end
return ms
`,
});

/**
 * Puts back what calls didn't use, or takes what they used more.
 *   ARGV  …, lane, then for each call: tokens that were taken for it, tokens that it used
 */
export const correctCallScript = new CellScript({
  needs: [laneLimits],
  whenFull: true,
  body: `
local lane = ARGV[2]
local state = readLane(lane)
local tokens = state.buckets.tokens
if not tokens then return end
for at = 3, #ARGV, 2 do tokens.level = tokens.level + math.min(num(ARGV[at]), tokens.limit) - num(ARGV[at + 1]) end
tokens.level = math.min(tokens.burst, tokens.level)
writeLane(lane, state)
`,
});

/** Two resets that lie no further apart, in ms, are of the same window of the provider. */
const SAME_WINDOW_MS = 1_000;

/**
 * What the provider said. Within one of its windows the lowest word counts: calls under way are not in what it says is left.
 *   ARGV  …, lane, requests left or '', tokens left or '', ms until these are reset or '', ms of quiet asked for or ''
 */
export const slowDownScript = new CellScript({
  needs: [laneLimits],
  whenFull: true,
  body: `
local lane, requests, tokens, reset, quiet = ARGV[2], num(ARGV[3]), num(ARGV[4]), ms(ARGV[5]), ms(ARGV[6])
local state = readLane(lane)
if quiet then state.shut_until = math.max(state.shut_until or 0, now + quiet) end
if reset then
  local same = (state.left_until or 0) > now and math.abs(state.left_until - now - reset) < ${SAME_WINDOW_MS}
  local function lowest(said, known)
    if not said then return same and known or nil end
    return same and known and math.min(said, known) or said
  end
  state.left_requests = lowest(requests, state.left_requests)
  state.left_tokens = lowest(tokens, state.left_tokens)
  redis.call('HDEL', sched('lane', lane), 'left_requests', 'left_tokens')
  if not same then state.left_until = now + reset end
end
writeLane(lane, state)
`,
});
