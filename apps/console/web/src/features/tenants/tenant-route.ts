import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { TenantPage } from './tenant-page.tsx';

export const tenantRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tenants/$tenant',
  component: TenantPage,
});
