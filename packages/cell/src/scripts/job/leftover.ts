import { clock } from '../../lua/clock.ts';
import { CellScript } from '../cell-script.ts';

/** How long a process has for a leftover, in ms; then another process gets it. */
const LEASE_MS = 30_000;

/**
 * Responses to cancel at their providers, because their jobs ended without a worker. Each is returned again until ZREM deletes it.
 *
 *   ARGV  …, maximum
 *   returns entries, as `addLeftovers` of `run end` writes them
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
