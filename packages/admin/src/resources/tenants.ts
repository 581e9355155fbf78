/** Tenants, their API keys and usage, and the plans of the config file. */
import { limitsSchema, scopes, usageReportSchema } from '@holdfast/core';
import { z } from 'zod';
import { listOf, time, usd } from '../shapes.ts';

export const tenantSchema = z
  .object({
    id: z.string(),
    plan: z.string().nullable(),
    limits: limitsSchema.nullable().meta({ description: 'Its own; null: those of its plan, or none.' }),
    plan_status: z.enum(['configured', 'missing', 'unknown']).nullable().meta({
      description:
        '`missing`: the config file lacks the plan, its last known limits apply; `unknown`: no job is admitted.',
    }),
    created_at: time,
  })
  .meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof tenantSchema>;

/** A tenant with what it has spent, for a list. */
export const tenantRowSchema = tenantSchema
  .extend({
    day_usd: usd,
    month_usd: usd,
    reserved_usd: usd,
    waiting: z.int(),
    running: z.int(),
    effective_limits: limitsSchema,
  })
  .meta({ id: 'TenantRow' });
export type TenantRow = z.infer<typeof tenantRowSchema>;
export const tenantListSchema = listOf(tenantRowSchema, 'TenantList');

export const apiKeySchema = z
  .object({
    id: z.string(),
    scopes: z.array(z.enum(scopes)),
    tasks: z.array(z.string()).nullable(),
    bootstrap: z.boolean(),
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKeySchema>;
export const apiKeyListSchema = listOf(apiKeySchema, 'ApiKeyList');
/** The key is in this answer, and is never shown again. */
export const madeKeySchema = z.object({ id: z.string(), key: z.string() }).meta({ id: 'MadeKey' });
export type MadeKey = z.infer<typeof madeKeySchema>;

const date = z.iso.date();
export const usageQuerySchema = z
  .strictObject({ from: date.optional(), to: date.optional() })
  .meta({ id: 'UsageQuery' });
export { usageReportSchema };

export const planListSchema = listOf(
  z.object({ name: z.string(), limits: limitsSchema, tenants: z.int().meta({ description: 'Tenants that have it.' }) }),
  'PlanList',
);
