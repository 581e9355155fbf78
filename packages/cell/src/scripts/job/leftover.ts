import { clock } from '../../lua/clock.ts';
import { CellScript } from '../cell-script.ts';

/** Whoever was given a leftover has so long, in ms; then it is given to another. */
const LEASE_MS = 30_000;

/**
 * Responses that are to be ended at their providers, because their jobs ended without a worker. Each is given again until it is
 * dropped with ZREM.
 *
 *   ARGV  …, most
 *   returns entries, as `leaveCalls` of `run end` writes them
 */
export const claimLeftoversScript = new CellScript({
  needs: [clock],
  whenFull: true,
  body: `
local leftover = C .. 'leftover'
local due = redis.call('ZRANGEBYSCORE', leftover, '-inf', now, 'LIMIT', 0, ARGV[2])
for _, entry in ipairs(due) do redis.call('ZADD', leftover, int(now + ${LEASE_MS}), entry) end
return due
`,
});
