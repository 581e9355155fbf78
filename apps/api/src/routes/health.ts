/** Liveness and readiness. Liveness asks nothing of Redis: restarting the API doesn't mend Redis. */
import { RequestError } from '@holdfast/core';
import { liveWorkers } from '@holdfast/queue';
import { connectedReplicas } from '@holdfast/redis';
import type { Request, Response } from '@holdfast/service';
import { sendJson } from '../http/send-job.ts';
import type { ApiParts } from '../parts.ts';

export async function healthz(_parts: ApiParts, _request: Request, response: Response): Promise<void> {
  sendJson(response, 200, { status: 'ok' });
}

export async function readyz(parts: ApiParts, _request: Request, response: Response): Promise<void> {
  if (parts.stopping.aborted) throw new RequestError('store_unavailable', 'This process is stopping.');
  const [workers, replicas] = await Promise.all([
    liveWorkers(parts.redis, parts.prefix),
    parts.durability === 'replica' ? connectedReplicas(parts.redis) : null,
  ]);
  sendJson(response, 200, {
    status: 'ready',
    durability: parts.durability,
    ...(replicas === null ? {} : { replicas }),
    memory: parts.memory.isNearlyFull ? 'nearly full' : 'ok',
    workers: workers.length,
    workers_with_other_config: workers.filter(({ configDigest }) => configDigest !== parts.configDigest).length,
  });
}
