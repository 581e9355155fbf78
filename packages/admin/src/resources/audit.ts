/** Who has done or looked at what. */
import { z } from 'zod';
import { pageOf, pageQuery, time } from '../shapes.ts';

export const auditActions = [
  'login',
  'login.refused',
  'logout',
  'job.read_content',
  'job.cancel',
  'job.retry',
  'job.rerun',
  'job.delete',
  'jobs.bulk',
  'tenant.set',
  'key.create',
  'key.rotate',
  'key.revoke',
  'lane.change',
  'user.create',
  'user.change',
  'user.delete',
] as const;
export type AuditAction = (typeof auditActions)[number];

export const auditEntrySchema = z
  .object({
    id: z.string(),
    at: time,
    user: z.string(),
    role: z.string().nullable(),
    action: z.enum(auditActions),
    target: z.string().nullable().meta({ description: 'Id of the job, tenant, key, lane or user.' }),
    tenant: z.string().nullable(),
    details: z.record(z.string(), z.json()).meta({ description: 'What was changed; never prompts, answers or keys.' }),
    address: z.string().nullable(),
    outcome: z.string().nullable().meta({
      description:
        '`done`, or the code of the error that it ended with. null: it is under way, or the console died during it.',
    }),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;
/** With a filter, a page may be short although more follow. */
export const auditPageSchema = pageOf(auditEntrySchema, 'AuditPage');
export const auditQuerySchema = z
  .strictObject({
    limit: pageQuery.limit,
    cursor: pageQuery.cursor,
    user: z.string().max(128).optional(),
    action: z.enum(auditActions).optional(),
    target: z.string().max(128).optional(),
  })
  .meta({ id: 'AuditQuery' });
