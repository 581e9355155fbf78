import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { LanesPage } from './lanes-page.tsx';

export const lanesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/lanes',
  component: LanesPage,
});
