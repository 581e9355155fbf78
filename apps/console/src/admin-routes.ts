/**
 * The admin API, /admin/v1: tenants, their keys, lanes. Only the admin key itself opens it, as a bearer token: no cookie is
 * read here, so no browser can be tricked into calling it.
 */
import { RequestError } from '@holdfast/core';
import { type RequestHandler, Router } from '@holdfast/service';

import { createAdminKeyCheck } from './admin-key.ts';
import { type LaneRoutesOptions, laneRoutes } from './lane-routes.ts';
import { type TenantRoutesOptions, tenantRoutes } from './tenant-routes.ts';

export function adminRoutes(options: { adminKey: string } & TenantRoutesOptions & LaneRoutesOptions): Router {
  const router = Router();
  router.use('/admin/v1', requireAdminKey(options.adminKey), tenantRoutes(options), laneRoutes(options));
  return router;
}

function requireAdminKey(adminKey: string): RequestHandler {
  const isAdminKey = createAdminKeyCheck(adminKey);
  return (request, response, next) => {
    const [, presented] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    if (presented === undefined || !isAdminKey(presented)) {
      throw new RequestError('unauthenticated', 'Send the admin key: Authorization: Bearer <admin key>.', {
        param: 'Authorization',
      });
    }
    response.setHeader('cache-control', 'no-store');
    next();
  };
}
