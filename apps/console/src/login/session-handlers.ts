/** Logging in and out through the admin API. */
import type { Session as ShownSession } from '@holdfast/admin';
import { RequestError } from '@holdfast/core';
import type { Handlers } from '../api/handler.ts';
import { type LogInNeeds, logIn, setSessionCookie } from './log-in.ts';
import type { Sessions } from './session.ts';

interface SessionHandlersNeeds extends LogInNeeds {
  sessions: Sessions;
  oidc: { config: { button: string }; client: { problem: string | null } } | null;
}

export function sessionHandlers(needs: SessionHandlersNeeds): Handlers<'loginWays' | 'login' | 'session' | 'logout'> {
  const { sessions } = needs;
  const show = (session: { id: string; expiresAt: number } | null, user: string, role: ShownSession['role']) => ({
    user,
    role,
    expires_at: session && new Date(session.expiresAt).toISOString(),
    csrf_token: session ? sessions.csrfToken(session.id) : '',
  });
  return {
    loginWays: async () => ({
      oidc: needs.oidc?.config.button ?? null,
      oidc_problem: needs.oidc?.client.problem ?? null,
    }),
    login: async ({ body, request, response }) => {
      const { session, role } = await logIn(needs, request, body.key.trim());
      setSessionCookie(request, response, session.id);
      return show(session, session.user, role);
    },
    session: async ({ actor }) => {
      if (actor.role === null) throw new RequestError('forbidden', 'A key of a tenant has no session.');
      return show(actor.session, actor.user, actor.role);
    },
    logout: async ({ actor, request, response }) => {
      if (actor.session === null) return;
      await sessions.end(actor.session.id);
      setSessionCookie(request, response, '');
    },
  };
}
