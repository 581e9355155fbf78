/** The faults, in the order in which they are run. A file for each; `fault.ts` says what a fault is. */

import { blockWorker } from './block-worker.ts';
import { cutReplies } from './cut-replies.ts';
import { failOver } from './fail-over.ts';
import type { Fault } from './fault.ts';
import { fillDisk } from './fill-disk.ts';
import { fillRedis } from './fill-redis.ts';
import { freezeWorker } from './freeze-worker.ts';
import { killApi } from './kill-api.ts';
import { killRedis } from './kill-redis.ts';
import { killWorker } from './kill-worker.ts';
import { loseQueue } from './lose-queue.ts';
import { partitionWorker } from './partition-worker.ts';
import { refreshClients } from './refresh-clients.ts';
import { stopWorker } from './stop-worker.ts';

export const faults: readonly Fault[] = [
  killWorker,
  stopWorker,
  freezeWorker,
  blockWorker,
  partitionWorker,
  killApi,
  killRedis,
  loseQueue,
  cutReplies,
  failOver,
  fillRedis,
  fillDisk,
  refreshClients,
];
