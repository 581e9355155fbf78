import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';

export const workersRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/workers',
  component: lazyRouteComponent(() => import('./workers-page.tsx'), 'WorkersPage'),
});
