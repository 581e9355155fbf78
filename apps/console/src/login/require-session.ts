/** Admits requests with an open session. Others are redirected to the login page; requests of scripts get 401. */
import { RequestError } from '@holdfast/core';
import type { Request, RequestHandler, Response } from '@holdfast/service';
import { readSessionCookie, type Sessions } from './session.ts';

export function requireSession(sessions: Sessions): RequestHandler {
  return async (request, response, next) => {
    const id = readSessionCookie(request.headers.cookie);
    if (await sessions.isOpen(id)) {
      response.locals.session = id;
      response.setHeader('cache-control', 'no-store');
      return next();
    }
    if (isForPeople(request)) return response.redirect(303, '/login');
    throw new RequestError('unauthenticated', 'Log in first.');
  };
}

/** Id of the session that `requireSession` has found. */
export function sessionOf(response: Response): string {
  return String(response.locals.session);
}

function isForPeople(request: Request): boolean {
  return request.method === 'GET' && !request.originalUrl.startsWith('/queues/api');
}
