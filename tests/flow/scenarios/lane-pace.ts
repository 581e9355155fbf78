/** A lane's requests a minute are kept by worker processes whose clocks are 5 minutes off, and waiting costs no attempt. */
import { oneLane } from '../../stack/stack.ts';
import { jobsOf, makeTenant, submitAll } from '../../stack/tenants.ts';
import { wrongClock } from '../../stack/wrong-clock.ts';
import type { Scenario, Stage } from './scenario.ts';

const A_MINUTE = 60;
const JOBS = 12;
/** A tenth of the limit may leave at once; the rest of it, and one more, are spread over 61 s. */
const AT_ONCE = 6;
const MIN_MS = ((JOBS - AT_ONCE) / (A_MINUTE + 1 - AT_ONCE)) * 61_000;

export const lanePace = {
  name: 'lane-pace',
  stack: { workers: 0, config: oneLane({ requests_per_minute: A_MINUTE }) },
  most: { tooSoonMs: 50 },

  async play({ stack, probe }: Stage) {
    await Promise.all([stack.start('worker', wrongClock(5)), stack.start('worker', wrongClock(-5))]);
    const client = await makeTenant(stack, probe, 'acme');
    const began = performance.now();
    const ids = await submitAll([client], jobsOf('slow', JOBS, 'tokens=1'));
    await probe.completed(ids);
    const tookMs = performance.now() - began;
    const { calls } = await stack.providerCalls('slow');
    return { counts: { tooSoonMs: Math.max(0, Math.ceil(MIN_MS - tookMs)), calls }, ids };
  },
} satisfies Scenario;
