import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/** So many tenants of each ring are looked at. */
const MAX_LOOKED_AT = 100;

/**
 * Whether a lane has jobs of other tenants that wait for nothing but a turn.
 *   ARGV  …, lane, tenant
 *   returns 1 or 0
 */
export const doOthersWaitScript = new CellScript({
  needs: [scheduler],
  whenFull: true,
  body: `
local lane, own = ARGV[2], ARGV[3]
for _, ring in ipairs({'new', 'old'}) do
  for _, tenant in ipairs(redis.call('LRANGE', sched(ring, lane), 0, ${MAX_LOOKED_AT - 1})) do
    if tenant ~= own and redis.call('ZCARD', backlogOf(lane, tenant)) > 0 then return 1 end
  end
end
return 0
`,
});
