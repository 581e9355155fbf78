/** A budget holds for tasks too, whose further calls nobody can foresee at submit. */
import { HoldfastApiError, type Job } from '@holdfast/client';
import { until } from '../../stack/stack.ts';
import { makeTenant } from '../../stack/tenants.ts';
import { prices } from './budget.ts';
import type { Scenario, Stage } from './scenario.ts';

const BUDGET_USD = 2;
/** Four calls of 41 cents: one for each part, and one of what they say. */
const text = 'All of this is to be summarized. '.repeat(1_000);

export const taskBudget = {
  name: 'task-budget',
  stack: { workers: 2, config: () => ({ prices, tasks: { summarize: { model: 'sim' } } }) },
  most: { spentUsd: BUDGET_USD, ledgerUsd: BUDGET_USD },

  /** Four jobs are let in, by their first calls. A job that would have to wait for others fails: it has no time for that. */
  async play({ stack, probe }: Stage) {
    const client = await makeTenant(stack, probe, 'tasks', { budget_usd: { day: BUDGET_USD } });
    const metadata = { case: 'tasks', sim: 'tokens=4096&itl_ms=0' };
    const job = { task: 'summarize', input: { text }, metadata, deadline_ms: 4_000 };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.submit(job).catch((error: unknown) => error)),
    );
    const refused = answers.filter((answer) => answer instanceof HoldfastApiError && answer.status === 402).length;
    const accepted = answers.flatMap((answer) => (answer instanceof Error ? [] : (answer as { job: Job }).job));
    const jobs = await Promise.all(accepted.map(({ id }) => client.wait(id)));
    await until('all is settled', async () => (await client.usage()).reserved_usd === 0);
    const { day } = await client.usage();
    const { calls, tokens } = await stack.providerCalls('tasks');
    const spentUsd = (tokens * prices.sim.output_usd_per_million) / 1e6;
    return { counts: { spentUsd, ledgerUsd: day.spent_usd, calls, refused }, jobs };
  },
} satisfies Scenario;
