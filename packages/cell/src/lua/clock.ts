import type { Fragment } from './fragment.ts';

/** `now`: Redis' time, in ms; `seconds`: the same in whole seconds. Wrong clocks of other machines break no limit. */
export const clock: Fragment = {
  name: 'clock',
  needs: [],
  lua: `
local time = redis.call('TIME')
local seconds = tonumber(time[1])
local now = seconds * 1000 + math.floor(time[2] / 1000)
`,
};
