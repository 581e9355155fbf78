/**
 * A worker and Redis don't hear each other for longer than its locks last, with all connections open, while it goes on
 * with its provider calls. Then what it had sent arrives, late: a zombie's writes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../fault.ts';

export const partitionWorker: Fault = {
  name: 'worker-partition',
  does: 'nothing passes between a random worker of three and Redis for a while; then all arrives late',
  workers: 3,
  ownLines: true,
  load: { jobs: 250, perSecond: 8, tokens: [20, 60], itlMs: 30 },
  every: [12_500, 13_500],
  holdMs: 12_000,
  recovery: 'next token',
  long: { load: { jobs: 2_000, perSecond: 8, tokens: [20, 60], itlMs: 30 }, every: [12_500, 14_500] },
  async inject({ lines: [, ...workers], dice, holdMs }) {
    const line = dice.pick(workers);
    line.hold();
    await delay(holdMs);
    line.resume();
  },
};
