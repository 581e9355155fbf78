/** Liveness and readiness. Liveness asks nothing of Redis: restarting the API doesn't mend Redis. */
import { RequestError } from '@holdfast/core';
import { liveWorkers } from '@holdfast/queue';
import type { Request, Response } from '@holdfast/service';
import type { ApiParts } from '../parts.ts';
import { sendJson } from '../send-job.ts';

export async function healthz(_parts: ApiParts, _request: Request, response: Response): Promise<void> {
  sendJson(response, 200, { status: 'ok' });
}

export async function readyz(parts: ApiParts, _request: Request, response: Response): Promise<void> {
  if (parts.stopping.aborted) throw new RequestError('store_unavailable', 'This process is stopping.');
  const workers = await liveWorkers(parts.redis, parts.journal.prefix);
  sendJson(response, 200, {
    status: 'ready',
    durability: parts.durability,
    memory: parts.memory.isNearlyFull ? 'nearly full' : 'ok',
    workers: workers.length,
  });
}
