import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';

export const tenantRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tenants/$tenant',
  component: lazyRouteComponent(() => import('./tenant-page.tsx'), 'TenantPage'),
});
