import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { JobPage } from './job-page.tsx';

export const jobRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/jobs/$id',
  component: JobPage,
});
