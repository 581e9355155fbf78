/** A provider that is down for some seconds costs no job, though its lane has no other. */
import { setTimeout as delay } from 'node:timers/promises';
import { chat, instructSimulator } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

const JOBS = 30;
/** Long enough for a job to use up its failures, if each try counted. */
const OUTAGE_MS = 6_000;

export const outage = {
  name: 'outage',
  stack: {},
  most: { failed: 0 },

  async play({ stack }: Pick<Stage, 'stack'>) {
    await instructSimulator(stack.simulatorUrl, 'status=503');
    const job = chat('outage', 'tokens=10&itl_ms=1');
    const submitted = await Promise.all(Array.from({ length: JOBS }, () => stack.client.submit(job)));
    await delay(OUTAGE_MS);
    await instructSimulator(stack.simulatorUrl, '');
    const jobs = await Promise.all(submitted.map(({ job: { id } }) => stack.client.wait(id, { timeoutMs: 120_000 })));
    const failed = jobs.filter(({ status }) => status !== 'completed').length;
    const { calls } = await stack.providerCalls('outage');
    return { counts: { failed, calls }, jobs };
  },
} satisfies Scenario;
