import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';

export const jobRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/jobs/$id',
  component: lazyRouteComponent(() => import('./job-page.tsx'), 'JobPage'),
});
