import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';

export const lanesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/lanes',
  component: lazyRouteComponent(() => import('./lanes-page.tsx'), 'LanesPage'),
});
