import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { AuditPage } from './audit-page.tsx';
import { auditSearchOf } from './audit-search.ts';

export const auditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/audit',
  validateSearch: auditSearchOf,
  component: AuditPage,
});
