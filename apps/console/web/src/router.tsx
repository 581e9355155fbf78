/**
 * All pages by their addresses. They are loaded at once: all of them are smaller than the libraries, and a page that is open keeps
 * working while the console restarts, or after it was updated.
 */
import type { QueryClient } from '@tanstack/react-query';
import { createRouter } from '@tanstack/react-router';
import { auditRoute } from './features/audit/audit-route.ts';
import { failuresRoute } from './features/failures/failures-route.ts';
import { jobRoute } from './features/job/job-route.ts';
import { jobsRoute } from './features/jobs/jobs-route.ts';
import { lanesRoute } from './features/lanes/lanes-route.ts';
import { loginRoute } from './features/login/login-route.ts';
import { overviewRoute } from './features/overview/overview-route.ts';
import { settingsRoute } from './features/settings/settings-route.ts';
import { tenantRoute } from './features/tenants/tenant-route.ts';
import { tenantsRoute } from './features/tenants/tenants-route.ts';
import { usersRoute } from './features/users/users-route.ts';
import { workersRoute } from './features/workers/workers-route.ts';
import { PageFailed, PageNotFound } from './layout/fallbacks.tsx';
import { appRoute, rootRoute } from './layout/root-route.tsx';
import { parseSearch, stringifySearch } from './search-params.ts';

const pages = [
  overviewRoute,
  jobsRoute,
  jobRoute,
  failuresRoute,
  lanesRoute,
  workersRoute,
  tenantsRoute,
  tenantRoute,
  auditRoute,
  usersRoute,
  settingsRoute,
] as const;

const routeTree = rootRoute.addChildren([loginRoute, appRoute.addChildren([...pages])]);

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    // Without it, what a route's `validateSearch` leaves out is taken from the address as it is, a foreign `next` of the login too.
    search: { strict: true },
    scrollRestoration: true,
    defaultErrorComponent: PageFailed,
    defaultNotFoundComponent: PageNotFound,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
