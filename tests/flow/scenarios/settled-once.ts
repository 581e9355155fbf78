/**
 * What a job has cost is counted once, whoever settles it: the worker that ends a run does, and so does the API before it lets
 * the job run again.
 */
import type { Holdfast } from '@holdfast/client';
import { until } from '../../stack/stack.ts';
import { makeTenant } from '../../stack/tenants.ts';
import { bounded, prices, settledUsage } from './budget.ts';
import type { Scenario, Stage } from './scenario.ts';

const JOBS = 5;
const MICRO = 1e6;

/** Cancels a job in the middle of its answer, and lets it run again. What both runs have cost. */
async function runTwice(client: Holdfast): Promise<number> {
  const { job } = await client.submit(bounded('twice', 'tokens=60&itl_ms=20'));
  await until('text has come', async () => (await client.get(job.id)).cursor > 10);
  await client.cancel(job.id);
  const cancelled = await client.wait(job.id);
  await client.retry(job.id);
  const completed = await client.wait(job.id);
  return (cancelled.usage?.cost_usd ?? Number.NaN) + (completed.usage?.cost_usd ?? Number.NaN);
}

export const settledOnce = {
  name: 'settled-once',
  stack: { config: () => ({ prices }) },
  most: { microDollarsTooMuch: 0, microDollarsTooLittle: 0 },

  async play({ stack, probe }: Stage) {
    const client = await makeTenant(stack, probe, 'twice', { budget_usd: { day: 1 } });
    const costs = await Promise.all(Array.from({ length: JOBS }, () => runTwice(client)));
    const jobsUsd = costs.reduce((sum, cost) => sum + cost, 0);
    const { day } = await settledUsage(client);
    const apart = Math.round((day.spent_usd - jobsUsd) * MICRO);
    const [microDollarsTooMuch, microDollarsTooLittle] = [Math.max(0, apart), Math.max(0, -apart)];
    return { counts: { microDollarsTooMuch, microDollarsTooLittle, ledgerUsd: day.spent_usd } };
  },
} satisfies Scenario;
