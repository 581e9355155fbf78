/**
 * The admin API, /admin/v1: tenants, their keys, lanes. The admin key gives access to all of it, as a bearer token. Cookies are
 * not read here, so no page can trick a browser into calling it. A tenant's API key with the scope `admin` gives access to its
 * own tenant's keys only.
 */
import { type Caller, RequestError } from '@holdfast/core';
import type { ApiKeys } from '@holdfast/gate';
import { type RequestHandler, Router } from '@holdfast/service';
import { type LaneRoutesOptions, laneRoutes } from './lanes/lane-routes.ts';
import { createAdminKeyCheck } from './login/admin-key.ts';
import { rememberTenantAdmin } from './tenants/tenant-admin.ts';
import { type TenantRoutesOptions, tenantRoutes } from './tenants/tenant-routes.ts';

export function adminRoutes(options: { adminKey: string } & TenantRoutesOptions & LaneRoutesOptions): Router {
  const router = Router();
  router.use('/admin/v1', requireAdmin(options), tenantRoutes(options), laneRoutes(options));
  return router;
}

/** Admits the admin, and a tenant's admins to the keys of their tenant. */
function requireAdmin({ adminKey, apiKeys }: { adminKey: string; apiKeys: ApiKeys }): RequestHandler {
  const isAdminKey = createAdminKeyCheck(adminKey);
  return async (request, response, next) => {
    const [, presented = ''] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    if (!isAdminKey(presented)) {
      const caller = await apiKeys.find(presented);
      if (!caller) {
        throw new RequestError('unauthenticated', 'Send the admin key: Authorization: Bearer <admin key>.', {
          param: 'Authorization',
        });
      }
      requireOwnKeys(caller, request.path);
      rememberTenantAdmin(response, caller);
    }
    response.setHeader('cache-control', 'no-store');
    next();
  };
}

/** @throws RequestError `forbidden`, the same whether another tenant exists or not */
function requireOwnKeys({ tenant, scopes }: Caller, path: string): void {
  if (!scopes.includes('admin')) {
    throw new RequestError(
      'forbidden',
      'This API key lacks the scope "admin". Send the admin key, or a key with that scope.',
      { param: 'Authorization' },
    );
  }
  const own = `/tenants/${tenant}/keys`;
  if (path !== own && !path.startsWith(`${own}/`)) {
    throw new RequestError('forbidden', `This API key may manage the keys of its own tenant only: ${own}.`, {
      param: 'Authorization',
    });
  }
}
