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
  // Long enough for calls to be under way from before until after.
  load: { jobs: 160, perSecond: 5, tokens: [50, 600], itlMs: 30 },
  every: [12_500, 13_500],
  holdMs: 12_000,
  recovery: 'next token',
  long: { load: { jobs: 1_000, perSecond: 5, tokens: [50, 600], itlMs: 30 }, every: [12_500, 14_500] },
  async inject({ lines: [, ...workers], dice, holdMs }) {
    const line = dice.pick(workers);
    line.hold();
    await delay(holdMs);
    line.resume();
  },
  async beside({ stack, ledger }, loadDone) {
    await loadDone;
    const counts = await Promise.all(ledger.entries.map(({ name }) => stack.providerCalls(name)));
    return counts.some(({ aborted }) => aborted > 0) ? [] : ['no zombie has broken off its call'];
  },
};
