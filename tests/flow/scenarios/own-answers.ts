/** A tenant's job is never answered by what another tenant has paid for, equal or not. */
import type { Job } from '@holdfast/client';
import { chat } from '../../stack/stack.ts';
import { makeTenant } from '../../stack/tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

export const ownAnswers = {
  name: 'own-answers',
  stack: { workers: 2 },
  most: { answersOfOthers: 0 },

  async play({ stack, probe }: Stage) {
    const job = { ...chat('tenants', 'tokens=12&itl_ms=2&seed=a'), cache: { ttl_s: 3_600 } };
    const clients = [stack.client, await makeTenant(stack, probe, 'other')];
    const jobs: Job[] = [];
    for (const client of clients) jobs.push(await client.wait((await client.submit(job)).job.id));
    const { calls } = await stack.providerCalls('tenants');
    return { counts: { answersOfOthers: clients.length - calls }, jobs };
  },
} satisfies Scenario;
