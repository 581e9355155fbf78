/** A worker is frozen for longer than its locks last. It wakes as a zombie: other workers have taken over its jobs. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';

export const freezeWorker: Fault = {
  name: 'worker-freeze',
  does: 'SIGSTOP of a random worker of three for a while, then SIGCONT',
  workers: 3,
  load: { jobs: 250, perSecond: 8, tokens: [20, 60], itlMs: 30 },
  every: [8_500, 9_500],
  holdMs: 8_000,
  recovery: 'next token',
  long: {
    load: { jobs: 720, perSecond: 8, tokens: [20, 60], itlMs: 30 },
    every: [42_000, 45_000],
    holdMs: 40_000,
  },
  async inject({ stack, dice, holdMs }) {
    const worker = dice.pick(stack.running('worker'));
    worker.signal('SIGSTOP');
    await delay(holdMs);
    worker.signal('SIGCONT');
  },
};
