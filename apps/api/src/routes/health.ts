/** Liveness and readiness. Liveness asks nothing of Redis: a restart of the API doesn't repair Redis. */
import { RequestError } from '@holdfast/core';
import { liveWorkers } from '@holdfast/queue';
import { connectedReplicas, type DurabilityMode, type MemoryWatch, type Redis } from '@holdfast/redis';
import type { RequestHandler } from '@holdfast/service/http';
import { sendJson } from '../http/send-json.ts';

export const healthz: RequestHandler = (_request, response) => {
  sendJson(response, 200, { status: 'ok' });
};

interface ReadinessRoute {
  redis: Redis;
  prefix: string;
  durability: DurabilityMode;
  configDigest: string;
  memory: Pick<MemoryWatch, 'isNearlyFull'>;
  stopping: AbortSignal;
}

export function readyz(route: ReadinessRoute): RequestHandler {
  const { redis, prefix, durability, configDigest, memory, stopping } = route;
  return async (_request, response) => {
    if (stopping.aborted) throw new RequestError('store_unavailable', 'This process is stopping.');
    const [workers, replicas] = await Promise.all([
      liveWorkers(redis, prefix),
      durability === 'replica' ? connectedReplicas(redis) : null,
    ]);
    sendJson(response, 200, {
      status: 'ready',
      durability,
      ...(replicas === null ? {} : { replicas }),
      memory: memory.isNearlyFull ? 'nearly full' : 'ok',
      workers: workers.length,
      workers_with_other_config: workers.filter((worker) => worker.configDigest !== configDigest).length,
    });
  };
}
