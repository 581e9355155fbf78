/**
 * Logging in and out:
 *
 *   GET  /login    the form
 *   POST /login    count the try → compare the key → start a session, set its cookie
 *   POST /logout   end the session, remove its cookie
 *
 * The login form needs no token: without the admin key, a forged login fails.
 */
import { CodedError, RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { type Request, type Response, Router, readForm, type ServiceLogger } from '@holdfast/service';
import { createAdminKeyCheck } from './admin-key.ts';
import { loginPage } from './login-page.ts';
import { countLogin } from './login-throttle.ts';
import { requireSession, sessionOf } from './require-session.ts';
import { readSessionCookie, type Sessions, writeSessionCookie } from './session.ts';

interface LoginOptions {
  redis: Redis;
  prefix: string;
  adminKey: string;
  sessions: Sessions;
  logger: ServiceLogger;
}

export function loginRoutes(options: LoginOptions): Router {
  const { redis, prefix, sessions, logger } = options;
  const isAdminKey = createAdminKeyCheck(options.adminKey);
  const form = readForm({ extended: false, limit: 4096, parameterLimit: 10 });
  const router = Router();

  router.get('/login', async (request, response) => {
    if (await sessions.isOpen(readSessionCookie(request.headers.cookie))) return response.redirect(303, '/');
    showForm(response, 200, null);
  });

  router.post('/login', form, async (request, response) => {
    const address = request.socket.remoteAddress ?? '';
    try {
      await countLogin({ redis, prefix, address, now: Date.now() });
    } catch (error) {
      if (!(error instanceof CodedError) || error.retryAfterMs === undefined) throw error;
      logger.warn({}, 'login refused: too many attempts');
      response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1000));
      return showForm(response, 429, error.message);
    }
    if (!isAdminKey(formField(request, 'key').trim())) {
      logger.warn({}, 'login refused: wrong key');
      return showForm(response, 403, 'This is not the admin key.');
    }
    response.setHeader('set-cookie', writeSessionCookie(await sessions.start(), isHttps(request)));
    logger.info({}, 'login');
    response.redirect(303, '/');
  });

  router.post('/logout', requireSession(sessions), form, async (request, response) => {
    const id = sessionOf(response);
    if (!sessions.isFormToken(id, formField(request, 'token'))) {
      throw new RequestError('forbidden', 'The form is out of date. Reload the page.', { param: 'token' });
    }
    await sessions.end(id);
    response.setHeader('set-cookie', writeSessionCookie('', isHttps(request)));
    response.redirect(303, '/login');
  });

  return router;
}

function showForm(response: Response, status: number, problem: string | null): void {
  response.status(status).setHeader('cache-control', 'no-store');
  response.type('html').send(loginPage(problem));
}

/** A field of the form; empty when it is missing or sent more than once. */
function formField(request: Request, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}

/** Behind a proxy that ends TLS, its header counts. A client that forges it changes only its own cookie. */
function isHttps(request: Request): boolean {
  return request.secure || request.headers['x-forwarded-proto'] === 'https';
}
