import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/** How many tenants of each ring are checked. */
const MAX_CHECKED = 100;

/**
 * Whether a lane has jobs of other tenants that only wait for their turn.
 *
 *   ARGV  …, lane, tenant
 *   returns 1 or 0
 */
export const doOthersWaitScript = new CellScript({
  needs: [scheduler],
  whenFull: true,
  body: `
local lane, own = ARGV[2], ARGV[3]
for _, ring in ipairs({'new', 'old'}) do
  for _, tenant in ipairs(redis.call('LRANGE', sched(ring, lane), 0, ${MAX_CHECKED - 1})) do
    if tenant ~= own and redis.call('ZCARD', backlogOf(lane, tenant)) > 0 then return 1 end
  end
end
return 0
`,
});
