/** What an admin sets for a tenant. An unknown member is refused, not ignored. */
import { z } from 'zod';
import { limitsSchema, planName } from './limits.ts';

/** A tenant has a plan, or its own limits, or neither. */
export const tenantSettingsSchema = z
  .strictObject({
    plan: planName.optional().meta({ description: 'Name of a plan of the config file.' }),
    limits: limitsSchema.optional(),
  })
  .refine((settings) => settings.plan === undefined || settings.limits === undefined, {
    path: ['limits'],
    message: 'send "plan" or "limits", not both',
  })
  .meta({ id: 'TenantSettings' });

export type TenantSettings = z.infer<typeof tenantSettingsSchema>;
