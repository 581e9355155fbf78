import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { TenantsPage } from './tenants-page.tsx';

export const tenantsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tenants',
  component: TenantsPage,
});
