/** `GET /v1/usage`: what the caller's tenant has spent, what it may still spend, and each day's spend. */

import { validationError } from '@holdfast/core';
import { reportUsage, type TenantLimits } from '@holdfast/gate';
import type { TenantCells } from '@holdfast/jobs';
import { z } from 'zod';
import type { CallerHandler } from '../access/authenticate.ts';
import { sendJson } from '../http/send-json.ts';

export const usageQuerySchema = z.strictObject({
  from: z.iso.date().optional().meta({ description: 'First day of `days`, UTC. Default: today.' }),
  to: z.iso.date().optional().meta({ description: 'Last day of `days`, UTC. Default: today.' }),
});

interface UsageRoute {
  cells: TenantCells<'ledger'>;
  limits: Pick<TenantLimits, 'of'>;
}

export function getUsage({ cells, limits }: UsageRoute): CallerHandler {
  return async (request, response, { tenant }) => {
    const query = usageQuerySchema.safeParse({ ...request.query });
    if (!query.success) throw validationError(query.error);
    const { ledger } = cells.of(tenant);
    sendJson(response, 200, await reportUsage(ledger, tenant, await limits.of(tenant), query.data));
  };
}
