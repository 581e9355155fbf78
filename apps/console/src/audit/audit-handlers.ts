/** The audit log through the admin API. */
import type { Handlers } from '../api/handler.ts';
import type { AuditLog } from './audit-log.ts';

export function auditHandlers(audit: Pick<AuditLog, 'read'>): Handlers<'audit'> {
  return {
    audit: async ({ query }) => {
      const { data, next } = await audit.read(query);
      return { object: 'list', data, next_cursor: next };
    },
  };
}
