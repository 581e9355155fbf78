/** A worker is frozen for longer than its locks last, and wakes as a zombie whose jobs others have. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../fault.ts';

const FROZEN_MS = 8_000;

export const freezeWorker: Fault = {
  name: 'worker-freeze',
  does: `SIGSTOP of a random worker of three for ${FROZEN_MS / 1_000} s, then SIGCONT`,
  workers: 3,
  load: { jobs: 250, perSecond: 8, tokens: [20, 60], itlMs: 30 },
  every: [8_500, 9_500],
  recovery: 'next token',
  async inject({ stack, dice }) {
    const worker = dice.pick(stack.running('worker'));
    worker.signal('SIGSTOP');
    await delay(FROZEN_MS);
    worker.signal('SIGCONT');
  },
};
