import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { optionIn } from '../../search-params.ts';
import { TenantPage } from './tenant-page.tsx';
import { type Span, spans } from './usage-figures.ts';

export const tenantRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tenants/$tenant',
  validateSearch: ({ days }: Record<string, unknown>): { days?: Span } => {
    const known = optionIn(spans, days);
    return known === null ? {} : { days: known };
  },
  component: TenantPage,
});
