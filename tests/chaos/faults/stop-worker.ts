/** A deploy: a replacement is started, and then a worker gets SIGTERM in the middle of its jobs. */
import type { Fault } from './fault.ts';

export const stopWorker: Fault = {
  name: 'worker-term',
  does: 'SIGTERM to a random worker of three (drain 1 s), replaced',
  workers: 3,
  load: { jobs: 240, perSecond: 12, tokens: [20, 60], itlMs: 30 },
  every: [2_500, 3_500],
  recovery: 'next token',
  long: { load: { jobs: 1_900, perSecond: 12, tokens: [20, 60], itlMs: 30 }, every: [2_500, 3_500] },
  async inject({ stack, dice }) {
    const worker = dice.pick(stack.running('worker'));
    await stack.start('worker');
    await worker.end('SIGTERM');
    if (worker.child.exitCode !== 0) throw new Error(`a worker ended with ${worker.child.exitCode} on SIGTERM`);
  },
};
