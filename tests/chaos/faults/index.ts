/** The faults, in the order in which they are run. */
import type { Fault } from '../fault.ts';
import { freezeWorker } from './freeze-worker.ts';
import { killApi } from './kill-api.ts';
import { killRedis } from './kill-redis.ts';
import { killWorker } from './kill-worker.ts';
import { loseQueue } from './lose-queue.ts';
import { refreshClients } from './refresh-clients.ts';
import { stopWorker } from './stop-worker.ts';

export const faults: readonly Fault[] = [
  killWorker,
  stopWorker,
  freezeWorker,
  killApi,
  killRedis,
  loseQueue,
  refreshClients,
];
