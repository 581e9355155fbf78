import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { TenantsPage } from './tenants-page.tsx';

export const tenantsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tenants',
  /** `q`: what ids and plans are searched for. */
  validateSearch: ({ q }: Record<string, unknown>): { q?: string } => (typeof q === 'string' && q !== '' ? { q } : {}),
  component: TenantsPage,
});
