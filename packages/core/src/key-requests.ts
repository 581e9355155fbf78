/** The requests of admins about API keys. An unknown member is refused, not ignored. */
import { z } from 'zod';
import { scopes } from './ports.ts';

export const keyRequestSchema = z
  .strictObject({
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).meta({ description: 'What the key may do.' }),
    tasks: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'The tasks whose jobs the key may submit, see and change. Default: all.' }),
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
      .meta({ description: 'How many seconds the old key still works, up to 7 days. Default 0.' }),
  })
  .meta({ id: 'KeyRotation' });
