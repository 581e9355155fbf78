/**
 * For longer than its locks last, nothing passes between a worker and Redis, with all connections open. The worker goes on
 * with its provider calls. Then everything that it had sent arrives late, as a zombie's writes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../stack/stack.ts';
import type { Fault } from './fault.ts';

/** Counted from the last submit. The fault may just have begun then. */
const STOPS_WITHIN_MS = 30_000;

export const partitionWorker: Fault = {
  name: 'worker-partition',
  does: 'nothing passes between a random worker of three and Redis for a while; then all arrives late',
  workers: 3,
  proxied: true,
  // An answer takes at least 24 s, twice as long as the fault: some calls begin before it and end after it.
  load: { jobs: 120, perSecond: 4, tokens: [400, 500], itlMs: 60 },
  every: [12_500, 13_500],
  holdMs: 12_000,
  recovery: 'next token',
  long: { load: { jobs: 400, perSecond: 4, tokens: [400, 500], itlMs: 60 }, every: [12_500, 14_500], holdMs: 12_000 },
  async inject({ proxies: [, ...workers], dice, holdMs }) {
    const proxy = dice.pick(workers);
    proxy.pause();
    await delay(holdMs);
    proxy.resume();
  },
  async observe({ stack, ledger }, submitted) {
    await submitted;
    const zombieStopped = async () => {
      const counts = await Promise.all(ledger.entries.map(({ name }) => stack.providerCalls(name)));
      // When a zombie leaves its call, a keyed or background answer goes on; a plain one is aborted.
      return counts.some(({ aborted, left }) => aborted + left > 0);
    };
    return until('a zombie stops its call', zombieStopped, STOPS_WITHIN_MS).then(
      () => [],
      () => ['no zombie has stopped its call'],
    );
  },
};
