import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';

export const tenantsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tenants',
  component: lazyRouteComponent(() => import('./tenants-page.tsx'), 'TenantsPage'),
});
