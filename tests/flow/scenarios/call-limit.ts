/** An answer that may be paid for each time, and never comes, costs no more calls than its lane allows. */
import { chat, until } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

const MAX_CALLS = 2;

export const callLimit = {
  name: 'call-limit',
  stack: {
    config: (providerUrl) => ({
      lanes: {
        default: { models: ['*'], providers: [{ name: 'main', base_url: providerUrl }], max_calls: MAX_CALLS },
      },
    }),
  },
  most: { calls: MAX_CALLS },

  async play({ stack }: Pick<Stage, 'stack'>) {
    // A gateway that can't say whether the model answered.
    const { job } = await stack.client.submit(chat('in vain', 'status=502'));
    const callsSoFar = async () => (await stack.providerCalls('in vain')).calls;
    const hasEnded = async () => (await stack.client.get(job.id)).finished_at !== null;
    await until('it ends, or makes too many', async () => (await hasEnded()) || (await callsSoFar()) > MAX_CALLS);
    return { counts: { calls: await callsSoFar() }, job: await stack.client.get(job.id) };
  },
} satisfies Scenario;
