/**
 * Single sign-on:
 *
 *   GET /login/oidc            sends the browser to the provider
 *   GET /login/oidc/callback   the provider sends it back with a code → claims → role → session
 *
 * The second one answers with a page that goes on to the console by itself, and not with a redirect. The cookie of the session is
 * `SameSite=Strict`, and a redirect would still count as the provider's navigation: the browser would leave the cookie out.
 */
import { RequestError } from '@holdfast/core';
import type { ServiceLogger } from '@holdfast/service';
import { type Request, type Response, Router } from '@holdfast/service/http';
import { addressOf } from '../access/client-address.ts';
import { isHttps, type LogInNeeds, setSessionCookie, startSession } from '../login/log-in.ts';
import type { Users } from '../login/users.ts';
import type { OidcClient } from './oidc-client.ts';
import type { OidcConfig } from './oidc-config.ts';
import { type PendingLogins, writePendingCookie } from './pending-logins.ts';
import { enteredPage, refusedPage } from './result-page.ts';
import { type Claims, nameOf, roleOf } from './role-of-claims.ts';

export interface OidcNeeds extends Pick<LogInNeeds, 'sessions' | 'audit'> {
  client: OidcClient;
  config: OidcConfig;
  pending: PendingLogins;
  users: Pick<Users, 'admit' | 'loggedIn'>;
  logger: ServiceLogger;
}

export function oidcRoutes(needs: OidcNeeds): Router {
  const router = Router();

  router.get('/login/oidc', async (request, response) => {
    const begun = await needs.client.begin();
    if (begun === null) return showPage(response, 503, refusedPage(needs.client.problem ?? 'It does not work now.'));
    const id = await needs.pending.add(begun.pending);
    response.setHeader('set-cookie', writePendingCookie(id, isHttps(request)));
    response.setHeader('cache-control', 'no-store');
    response.redirect(303, begun.address.href);
  });

  router.get('/login/oidc/callback', async (request, response) => {
    try {
      await enter(needs, request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      needs.logger.warn({ error: error.cause, why: error.message }, 'login refused: single sign-on');
      await needs.audit.refusedLogin(addressOf(request), 'oidc_refused');
      response.setHeader('set-cookie', writePendingCookie('', isHttps(request)));
      showPage(response, 403, refusedPage(error.message));
    }
  });

  return router;
}

/** What the page says. It quotes neither the provider nor its token. */
class Refusal extends Error {}

async function enter(needs: OidcNeeds, request: Request, response: Response): Promise<void> {
  const claims = await readClaims(needs, request);
  const role = roleOf(claims, needs.config);
  if (role === null) {
    throw new Refusal(
      `Your account has no role here. Ask an administrator to give it one: the claim "${needs.config.roleClaim}".`,
    );
  }
  const name = nameOf(claims);
  if (name === null) throw new Refusal('The provider names neither an e-mail address nor a subject that fits.');
  const user = await needs.users.admit(name, role).catch((error: unknown) => {
    if (!(error instanceof RequestError)) throw error;
    throw new Refusal(`There is a user "${name}" with a key. Ask an administrator to remove it first.`);
  });
  const { session } = await startSession(needs, addressOf(request), user);
  setSessionCookie(request, response, session.id);
  response.appendHeader('set-cookie', writePendingCookie('', isHttps(request)));
  showPage(response, 200, enteredPage());
}

async function readClaims({ client, pending }: OidcNeeds, request: Request): Promise<Claims> {
  const begun = await pending.take(request.headers.cookie);
  if (begun === null) {
    throw new Refusal('This browser has begun no login, or more than ten minutes ago. Log in again.');
  }
  const query = request.originalUrl.split('?').slice(1).join('?');
  try {
    return await client.finish(query, begun);
  } catch (cause) {
    throw new Refusal('The provider has not confirmed who you are. Log in again; the log of the console has more.', {
      cause,
    });
  }
}

function showPage(response: Response, status: number, html: string): void {
  response.setHeader('cache-control', 'no-store');
  response.status(status).type('html').send(html);
}
