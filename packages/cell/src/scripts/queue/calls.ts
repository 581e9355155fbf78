/** Scripts for a lane's provider calls: acquired before a call, corrected after it, slowed down by what the provider reports. */
import { laneLimits } from '../../lua/lane-limits.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Acquires a call from the lane's buckets.
 *
 *   ARGV  …, lane, tokens
 *   returns 0: acquired; else the ms to wait
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
 * Puts back the tokens that calls didn't use, or takes those that they used in addition.
 *
 *   ARGV  …, lane, then for each call: tokens that were acquired, tokens that it used
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

/** Two resets that are closer than this, in ms, belong to the same window of the provider. */
const SAME_WINDOW_MS = 1_000;

/**
 * Applies the headroom that the provider reported. Within one of its windows the lowest report counts: a report doesn't include
 * the calls that are under way.
 *
 *   ARGV  …, lane, requests left or '', tokens left or '', ms until these are reset or '', ms without calls that it asked for or ''
 */
export const slowDownScript = new CellScript({
  needs: [laneLimits],
  whenFull: true,
  body: `
local lane, requests, tokens, reset, pause = ARGV[2], num(ARGV[3]), num(ARGV[4]), ms(ARGV[5]), ms(ARGV[6])
local state = readLane(lane)
if pause then state.shut_until = math.max(state.shut_until or 0, now + pause) end
if reset then
  local same = (state.left_until or 0) > now and math.abs(state.left_until - now - reset) < ${SAME_WINDOW_MS}
  local function lowest(reported, known)
    if not reported then return same and known or nil end
    return same and known and math.min(reported, known) or reported
  end
  state.left_requests = lowest(requests, state.left_requests)
  state.left_tokens = lowest(tokens, state.left_tokens)
  redis.call('HDEL', sched('lane', lane), 'left_requests', 'left_tokens')
  if not same then state.left_until = now + reset end
end
writeLane(lane, state)
`,
});
