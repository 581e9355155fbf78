/** Who may act on Bull Board's pages: an operator, and each act is in the audit log before it is done. A viewer looks. */
import type { RequestHandler } from '@holdfast/service/http';
import { actorOf } from '../access/actor.ts';
import { addressOf } from '../access/client-address.ts';
import { requireAtLeast } from '../access/require-role.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { isSafe } from '../login/same-origin.ts';

/** After `refuseUnsupportedActions`: only pause and resume come this far. */
export function auditActions(audit: Pick<AuditLog, 'begin' | 'end'>): RequestHandler {
  return async (request, response, next) => {
    if (isSafe(request)) return next();
    const actor = actorOf(response);
    requireAtLeast(actor, 'operator', 'Pausing and resuming a lane');
    const [, lane = null, action] = /^\/api\/queues\/(?:([^/]+)\/)?(pause|resume)\/?$/i.exec(request.path) ?? [];
    const entry = await audit.begin({
      user: actor.user,
      role: actor.role,
      action: 'lane.change',
      target: lane,
      tenant: null,
      details: { paused: action?.toLowerCase() === 'pause' },
      address: addressOf(request),
    });
    response.once('finish', () => void audit.end(entry, response.statusCode < 400 ? 'done' : 'internal_error'));
    next();
  };
}
