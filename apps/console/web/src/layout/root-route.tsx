/** The routes that hold all others: the root, and below it the frame of the pages that need a session. */
import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, redirect } from '@tanstack/react-router';
import { isStatus, sessionQuery } from '../api/index.ts';
import { Shell } from './shell.tsx';

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()();

export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(sessionQuery);
    } catch (error) {
      if (isStatus(error, 401)) throw redirect({ to: '/login', search: { next: location.href } });
      throw error;
    }
  },
  component: Shell,
});
