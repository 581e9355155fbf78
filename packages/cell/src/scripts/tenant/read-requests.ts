import { minute } from '../../lua/minute.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Reads a tenant's minute, and Redis' time.
 *
 *   ARGV  …, tenant
 *   returns {now, requests in the minute, ms until the oldest leaves it}
 */
export const readRequestsScript = new CellScript({
  needs: [minute],
  whenFull: true,
  body: `
local used, resetIn = readMinute(ARGV[2])
return {int(now), used, resetIn}
`,
});
