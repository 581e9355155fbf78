/** The only API dies under submits, and is started again on its port; clients send the same keys until answered. */
import type { Fault } from './fault.ts';

export const killApi: Fault = {
  name: 'api-kill',
  does: 'SIGKILL of the only API under submits, started again',
  workers: 2,
  load: { jobs: 400, perSecond: 25, tokens: [5, 20], itlMs: 15 },
  every: [2_500, 3_500],
  recovery: 'next submit',
  long: { load: { jobs: 1_000, perSecond: 25, tokens: [5, 20], itlMs: 15 }, every: [2_500, 3_500] },
  async inject({ stack, dice, struck }) {
    const api = dice.pick(stack.running('api'));
    await api.end('SIGKILL');
    struck();
    await stack.start('api');
  },
};
