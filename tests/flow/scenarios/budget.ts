/** A budget holds though more jobs than it pays for come at once, to several API processes. */
import { type Holdfast, HoldfastApiError, type Job } from '@holdfast/client';
import { chat, until } from '../../stack/stack.ts';
import { makeTenantAtAll } from '../../stack/tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

/** A job that may write 100 tokens may cost a cent, and a little for what it asks. */
export const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 100 } };
const BUDGET_USD = 1;

export function bounded(name: string, sim: string, maxTokens = 100) {
  const job = chat(name, sim);
  return { ...job, input: { ...job.input, max_tokens: maxTokens } };
}

/** What a tenant has spent, once nothing is set aside any more; or less than nothing, where it was freed too often. */
export async function settledUsage(client: Holdfast) {
  await until('all is settled', async () => (await client.usage()).reserved_usd <= 0);
  return client.usage();
}

/** The job, or its refusal. */
async function submit(client: Holdfast, job: ReturnType<typeof bounded>): Promise<Job | HoldfastApiError> {
  return client.submit(job).then(
    ({ job: accepted }) => accepted,
    (error: unknown) => {
      if (error instanceof HoldfastApiError) return error;
      throw error;
    },
  );
}

export const budget = {
  name: 'budget',
  stack: { workers: 2, moreApis: [{}, {}], config: () => ({ prices }) },
  most: { spentUsd: BUDGET_USD, ledgerUsd: BUDGET_USD },

  /** Their answers take longer than their coming: none has been settled while others are let in. */
  async play({ stack, probe }: Stage, jobsAtOnce = 200) {
    const clients = await makeTenantAtAll(stack, probe, 'rush', { budget_usd: { day: BUDGET_USD } });
    const [client] = clients as [Holdfast, ...Holdfast[]];
    const answers = await Promise.all(
      Array.from({ length: jobsAtOnce }, (_, at) =>
        submit(clients[at % clients.length] ?? client, bounded('rush', 'tokens=100')),
      ),
    );
    const refusals = answers.filter((answer) => answer instanceof HoldfastApiError);
    const accepted = answers.filter((answer) => !(answer instanceof HoldfastApiError));
    const jobs = await Promise.all(accepted.map(({ id }) => client.wait(id)));
    const usage = await settledUsage(client);
    const { calls, tokens } = await stack.providerCalls('rush');
    const spentUsd = (tokens * prices.sim.output_usd_per_million) / 1e6;
    return { counts: { spentUsd, ledgerUsd: usage.day.spent_usd, calls, tokens }, jobs, refusals, usage };
  },
} satisfies Scenario;
