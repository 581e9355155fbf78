/** Worker processes through the admin API: what each says of itself every two seconds. */
import type { Worker } from '@holdfast/admin';
import { followersLane } from '@holdfast/core';
import { readWorkers, type SeenWorker } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';
import type { Handlers } from '../api/handler.ts';

interface WorkerHandlersNeeds {
  redis: Redis;
  prefix: string;
  /** Of the config file of this console. */
  configDigest: string;
}

export function workerHandlers({ redis, prefix, configDigest }: WorkerHandlersNeeds): Handlers<'workers'> {
  return {
    workers: async () => {
      const workers = await readWorkers(redis, prefix);
      return { object: 'list', data: workers.flatMap((worker) => showWorker(worker, configDigest) ?? []) };
    },
  };
}

const timeOf = (ms: number) => new Date(ms).toISOString();

/** null: it has said nothing of itself yet, or is of another version. */
function showWorker({ id, seenAtMs, draining, status, configDigest }: SeenWorker, ours: string): Worker | null {
  if (status === null) return null;
  const { host, pid, version, startedAtMs, lanes, breakers, jobsEnded, memoryBytes, loopDelayMs } = status;
  return {
    id,
    host,
    pid,
    version,
    started_at: timeOf(startedAtMs),
    seen_at: timeOf(seenAtMs),
    config_digest: configDigest,
    same_config: configDigest === ours,
    draining,
    // Copies of answers wait in a lane of the queue's own.
    lanes: lanes
      .filter(({ lane }) => lane !== followersLane)
      .map(({ lane, running, capacity }) => ({ name: lane, running, capacity })),
    breakers: breakers.map(({ lane, provider, state, failures, retryAtMs }) => ({
      lane,
      provider,
      state,
      failures,
      retry_at: retryAtMs === null ? null : timeOf(retryAtMs),
    })),
    jobs_ended: jobsEnded,
    memory_bytes: memoryBytes,
    loop_delay_s: loopDelayMs === null ? null : loopDelayMs / 1_000,
  };
}
