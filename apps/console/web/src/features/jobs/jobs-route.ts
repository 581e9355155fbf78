import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import type { SearchParams } from '../../search-params.ts';

export const jobsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/jobs',
  /** The filter; `job-filter.ts` reads it. */
  validateSearch: (search: Record<string, unknown>): SearchParams => search as SearchParams,
  component: lazyRouteComponent(() => import('./jobs-page.tsx'), 'JobsPage'),
});
