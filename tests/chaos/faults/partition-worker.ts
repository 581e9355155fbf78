/**
 * A worker and Redis don't hear each other for longer than its locks last, with all connections open, while it goes on
 * with its provider calls. Then what it had sent arrives, late: a zombie's writes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../stack/stack.ts';
import type { Fault } from './fault.ts';

/** After the last submit: the fault may just have begun. */
const GIVES_UP_WITHIN_MS = 30_000;

export const partitionWorker: Fault = {
  name: 'worker-partition',
  does: 'nothing passes between a random worker of three and Redis for a while; then all arrives late',
  workers: 3,
  ownLines: true,
  // 24 s at least, twice as long as the fault: calls are under way from before it until after it.
  load: { jobs: 120, perSecond: 4, tokens: [400, 500], itlMs: 60 },
  every: [12_500, 13_500],
  holdMs: 12_000,
  recovery: 'next token',
  long: { load: { jobs: 400, perSecond: 4, tokens: [400, 500], itlMs: 60 }, every: [12_500, 14_500], holdMs: 12_000 },
  async inject({ lines: [, ...workers], dice, holdMs }) {
    const line = dice.pick(workers);
    line.hold();
    await delay(holdMs);
    line.resume();
  },
  async beside({ stack, ledger }, loadDone) {
    await loadDone;
    const zombieGaveUp = async () => {
      const counts = await Promise.all(ledger.entries.map(({ name }) => stack.providerCalls(name)));
      // A keyed or background answer goes on when the zombie goes away from it; a plain one is aborted.
      return counts.some(({ aborted, left }) => aborted + left > 0);
    };
    return until('a zombie breaks off its call', zombieGaveUp, GIVES_UP_WITHIN_MS).then(
      () => [],
      () => ['no zombie has broken off its call'],
    );
  },
};
