/** For pages of the server's own. Admits requests with an open session. Others are led to the login page; those of scripts get 401. */
import { RequestError } from '@holdfast/core';
import type { Request, RequestHandler } from '@holdfast/service/http';
import { rememberActor } from '../access/actor.ts';
import { type Authentication, actorOfSession } from '../access/authenticate.ts';

export function requireSession(authentication: Pick<Authentication, 'sessions' | 'users'>): RequestHandler {
  return async (request, response, next) => {
    const actor = await actorOfSession(authentication, request);
    if (actor) {
      rememberActor(response, actor);
      response.setHeader('cache-control', 'no-store');
      return next();
    }
    if (isForPeople(request)) return response.redirect(303, `/login?next=${encodeURIComponent(request.originalUrl)}`);
    throw new RequestError('unauthenticated', 'Log in first.');
  };
}

function isForPeople(request: Request): boolean {
  return request.method === 'GET' && !request.originalUrl.startsWith('/queues/api');
}
