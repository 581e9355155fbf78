/** The only API is killed while jobs are submitted, and started again on its port. Clients repeat the same keys until answered. */
import type { Fault } from './fault.ts';

export const killApi: Fault = {
  name: 'api-kill',
  does: 'SIGKILL of the only API under submits, started again',
  workers: 2,
  load: { jobs: 400, perSecond: 25, tokens: [5, 20], itlMs: 15 },
  every: [2_500, 3_500],
  recovery: 'next submit',
  long: { load: { jobs: 1_000, perSecond: 25, tokens: [5, 20], itlMs: 15 }, every: [2_500, 3_500] },
  async inject({ stack, dice, markFault }) {
    const api = dice.pick(stack.running('api'));
    await api.end('SIGKILL');
    markFault();
    await stack.start('api');
  },
};
