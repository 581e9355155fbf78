/** All keys of BullMQ and of the scheduler are deleted, and a worker is killed. Only the records still know its jobs. */
import type { Fault } from './fault.ts';

export const loseQueue: Fault = {
  name: 'queue-loss',
  does: "BullMQ's and the scheduler's keys deleted, and SIGKILL of a random worker of three, replaced",
  workers: 3,
  load: { jobs: 250, perSecond: 10, tokens: [20, 60], itlMs: 30 },
  every: [4_000, 6_000],
  recovery: 'next token',
  async inject({ stack, probe, dice }) {
    await probe.dropQueue();
    await dice.pick(stack.running('worker')).end('SIGKILL');
    await stack.start('worker');
  },
};
