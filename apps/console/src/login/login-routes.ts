/**
 * The pages for logging in and out:
 *
 *   GET  /login    the form
 *   POST /login    `log-in.ts`, then the overview
 *   POST /logout   end the session, remove its cookie
 */
import { CodedError, RequestError } from '@holdfast/core';
import { type Request, type Response, Router, readForm, type ServiceLogger } from '@holdfast/service';
import { actorOf } from '../access/actor.ts';
import { type Authentication, actorOfSession } from '../access/authenticate.ts';
import { type LogInNeeds, logIn, setSessionCookie } from './log-in.ts';
import { loginPage } from './login-page.ts';
import { requireSession } from './require-session.ts';
import type { Sessions } from './session.ts';

interface LoginOptions extends LogInNeeds {
  authentication: Authentication;
  sessions: Sessions;
  logger: ServiceLogger;
}

export function loginRoutes(options: LoginOptions): Router {
  const { sessions, logger, authentication } = options;
  const form = readForm({ extended: false, limit: 4096, parameterLimit: 10 });
  const router = Router();

  router.get('/login', async (request, response) => {
    if (await actorOfSession(authentication, request)) return response.redirect(303, '/');
    showForm(response, 200, null);
  });

  router.post('/login', form, async (request, response) => {
    try {
      const { session } = await logIn(options, request, formField(request, 'key').trim());
      setSessionCookie(request, response, session.id);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return refuse(response, logger, error);
    }
    logger.info({}, 'login');
    response.redirect(303, '/');
  });

  router.post('/logout', requireSession(authentication), form, async (request, response) => {
    const id = actorOf(response).session?.id ?? '';
    if (!sessions.isCsrfToken(id, formField(request, 'token'))) {
      throw new RequestError('forbidden', 'The form is out of date. Reload the page.', { param: 'token' });
    }
    await sessions.end(id);
    setSessionCookie(request, response, '');
    response.redirect(303, '/login');
  });

  return router;
}

function refuse(response: Response, logger: ServiceLogger, error: CodedError): void {
  if (error.code === 'unauthenticated') {
    logger.warn({}, 'login refused: wrong key');
    showForm(response, 403, 'This is not the admin key, nor the key of a user.');
  } else if (error.code === 'too_many_requests' && error.retryAfterMs !== undefined) {
    logger.warn({}, 'login refused: too many attempts');
    response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1000));
    showForm(response, 429, error.message);
  } else {
    throw error;
  }
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
