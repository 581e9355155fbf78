/** Equal jobs that come at once to several API processes make one call. */
import { chat } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

const JOBS = 50;

export const singleFlight = {
  name: 'single-flight',
  stack: { workers: 2, moreApis: [{}, {}] },
  most: { calls: 1 },

  /** Each has metadata that no other may be shown. */
  async play({ stack }: Pick<Stage, 'stack'>) {
    const clients = stack.apiUrls.map((url) => stack.newClient(url));
    const job = { ...chat('at-once', 'tokens=30&itl_ms=15&seed=c'), cache: { ttl_s: 3_600 } };
    const jobs = await Promise.all(
      Array.from({ length: JOBS }, async (_, at) => {
        const client = clients[at % clients.length] ?? stack.client;
        const submitted = await client.submit({ ...job, metadata: { mine: `secret-${at}` } });
        return client.wait(submitted.job.id, { timeoutMs: 120_000 });
      }),
    );
    const { calls } = await stack.providerCalls('at-once');
    return { counts: { calls }, jobs };
  },
} satisfies Scenario;
