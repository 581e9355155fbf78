/** What an admin may say of tenants and keys. Strict: an unknown member is refused, not ignored. */
import { scopes } from '@holdfast/core';
import { z } from 'zod';

const count = (max: number) => z.int().min(1).max(max);
const usd = z.number().min(0).max(1_000_000);

/** Limits of a tenant, or of a plan. What is left out is not limited. */
export const limitsSchema = z
  .strictObject({
    requests_per_minute: count(1_000_000).optional().meta({ description: 'Submissions in any minute.' }),
    max_queued: count(10_000_000).optional().meta({ description: 'Jobs that wait at once.' }),
    max_running: count(100_000).optional().meta({ description: 'Jobs that run at once.' }),
    weight: z.number().min(0.01).max(1000).optional().meta({ description: 'Share among busy tenants. Default 1.' }),
    budget_usd: z
      .strictObject({ day: usd.optional(), month: usd.optional() })
      .optional()
      .meta({ description: 'Spend per UTC day and per calendar month.' }),
  })
  .meta({ id: 'Limits' });

export type Limits = z.infer<typeof limitsSchema>;

/** A tenant is on a plan, or has limits of its own, or neither. */
export const tenantSettingsSchema = z
  .strictObject({
    plan: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, "-" and "_"')
      .optional()
      .meta({ description: 'Name of a plan of the config file.' }),
    limits: limitsSchema.optional(),
  })
  .refine((settings) => settings.plan === undefined || settings.limits === undefined, {
    path: ['limits'],
    message: 'give "plan" or "limits", not both',
  })
  .meta({ id: 'TenantSettings' });

export type TenantSettings = z.infer<typeof tenantSettingsSchema>;

export const keyRequestSchema = z
  .strictObject({
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).meta({ description: 'What the key may do.' }),
    tasks: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Tasks that it may submit. Default: all.' }),
  })
  .meta({ id: 'KeyRequest' });

export type KeyRequest = z.infer<typeof keyRequestSchema>;
