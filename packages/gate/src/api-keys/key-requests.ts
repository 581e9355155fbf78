/** What an admin may say of tenants and keys. Strict: an unknown member is refused, not ignored. */
import { limitsSchema, planName, scopes } from '@holdfast/core';
import { z } from 'zod';

/** A tenant is on a plan, or has limits of its own, or neither. */
export const tenantSettingsSchema = z
  .strictObject({
    plan: planName.optional().meta({ description: 'Name of a plan of the config file.' }),
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
      .meta({ description: 'Tasks whose jobs it may submit, see and change. Default: all.' }),
  })
  .meta({ id: 'KeyRequest' });

export type KeyRequest = z.infer<typeof keyRequestSchema>;

const WEEK_S = 7 * 86_400;

export const rotationSchema = z
  .strictObject({
    grace_s: z
      .int()
      .min(0)
      .max(WEEK_S)
      .default(0)
      .meta({ description: 'Seconds that the old key goes on working, up to 7 days. Default 0.' }),
  })
  .meta({ id: 'KeyRotation' });
