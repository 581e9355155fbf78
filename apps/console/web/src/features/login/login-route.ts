import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../layout/root-route.tsx';
import { LoginPage } from './login-page.tsx';

export const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  /** `next`: the page that was asked for. */
  validateSearch: ({ next }: Record<string, unknown>): { next?: string } => (isOwnPage(next) ? { next } : {}),
  component: LoginPage,
});

/** A path of this site. Anything else would make the login a way to lead people elsewhere. */
function isOwnPage(next: unknown): next is string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next);
}
