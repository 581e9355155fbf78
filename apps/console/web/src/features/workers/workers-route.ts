import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { WorkersPage } from './workers-page.tsx';

export const workersRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/workers',
  component: WorkersPage,
});
