import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import type { SearchParams } from '../../search-params.ts';
import { JobsPage } from './jobs-page.tsx';

export const jobsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/jobs',
  /** The filter; `job-filter.ts` reads it. */
  validateSearch: (search: Record<string, unknown>): SearchParams => search as SearchParams,
  component: JobsPage,
});
