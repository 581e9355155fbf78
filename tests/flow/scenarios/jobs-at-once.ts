/** No more jobs of a tenant, and of a lane, run at once than may, over three API and four worker processes. */
import { oneLane, until } from '../../stack/stack.ts';
import { jobsOf, makeTenant, makeTenantAtAll, submitAll } from '../../stack/tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

const OF_LANE = 7;
const OF_TENANT = 3;
const SIM = 'tokens=8&itl_ms=10&pause_after=1';

export const jobsAtOnce = {
  name: 'jobs-at-once',
  stack: { workers: 4, moreApis: [{}, {}], config: oneLane({ max_running: OF_LANE }) },
  most: { ofTenant: OF_TENANT, ofLane: OF_LANE },

  /** The tenant that is capped has more to do than the other: in the end the lane has room that it must not take. */
  async play({ stack, probe }: Stage) {
    const most = [OF_TENANT, OF_LANE];
    const peaks = async () => [(await stack.providerCalls('capped')).peak, (await stack.providerCalls(null)).peak];
    const capped = await makeTenantAtAll(stack, probe, 'capped', { max_running: OF_TENANT });
    const free = await makeTenant(stack, probe, 'free');
    const [ofCapped, ofFree] = await Promise.all([
      submitAll(capped, jobsOf('capped', 60, SIM)),
      submitAll([free], jobsOf('free', 40, SIM)),
    ]);
    // The first ones wait for each other: on a busy machine they would be over before as many run as may.
    await until('as many run as may', async () => (await peaks()).every((peak, at) => peak >= (most[at] ?? 0)));
    await Promise.all([stack.goOn('capped'), stack.goOn('free')]);
    await probe.completed([...ofCapped, ...ofFree]);
    const [tenant, lane] = await Promise.all([stack.providerCalls('capped'), stack.providerCalls(null)]);
    return { counts: { ofTenant: tenant.peak, ofLane: lane.peak, calls: lane.calls } };
  },
} satisfies Scenario;
