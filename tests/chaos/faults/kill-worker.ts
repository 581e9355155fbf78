/** A worker is killed with SIGKILL; another is started in its place. */
import type { Fault } from './fault.ts';

export const killWorker: Fault = {
  name: 'worker-kill',
  does: 'SIGKILL of a random worker of three, replaced',
  workers: 3,
  load: { jobs: 500, perSecond: 10, tokens: [20, 60], itlMs: 30 },
  every: [2_000, 3_000],
  recovery: 'next token',
  long: { load: { jobs: 5_000, perSecond: 10, tokens: [20, 60], itlMs: 30 }, every: [2_000, 3_000] },
  async inject({ stack, dice }) {
    await dice.pick(stack.running('worker')).end('SIGKILL');
    await stack.start('worker');
  },
};
