/** `GET /v1/usage`: what the caller's tenant has spent, may still spend, and day by day. */
import type { Caller } from '@holdfast/core';
import { reportUsage } from '@holdfast/gate';
import { type Request, type Response, validationError } from '@holdfast/service';
import { z } from 'zod';
import { sendJson } from '../http/send-job.ts';
import type { ApiParts } from '../parts.ts';

export const usageQuerySchema = z.strictObject({
  from: z.iso.date().optional().meta({ description: 'First day of `days`, UTC. Default: today.' }),
  to: z.iso.date().optional().meta({ description: 'Last day of `days`, UTC. Default: today.' }),
});

export async function getUsage(parts: ApiParts, request: Request, response: Response, caller: Caller): Promise<void> {
  const query = usageQuerySchema.safeParse({ ...request.query });
  if (!query.success) throw validationError(query.error);
  const limits = await parts.limits.of(caller.tenant);
  sendJson(response, 200, await reportUsage(parts.cells.of(caller.tenant).ledger, caller.tenant, limits, query.data));
}
