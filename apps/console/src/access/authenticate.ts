/**
 * Finds out who sends a request:
 *
 *   1. bearer key   the admin key, the key of a user, or a tenant's own API key with the scope `admin`
 *   2. session      the cookie of a login. A request that may change something must also come from this origin, and have the
 *                   session's CSRF token
 *
 * A request with a key is judged by the key alone: no page can make a browser send one. The role of a user is read at each request.
 */
import { type Caller, RequestError } from '@holdfast/core';
import type { ApiKeys } from '@holdfast/gate';
import type { Request } from '@holdfast/service/http';
import { isSafe, isSameOrigin } from '../login/same-origin.ts';
import { readSessionCookie, type Sessions } from '../login/session.ts';
import type { Users } from '../login/users.ts';
import { type Actor, ADMIN } from './actor.ts';
import type { KeyGuesses } from './key-guesses.ts';

export interface Authentication {
  isAdminKey(presented: string): boolean;
  users: Pick<Users, 'find' | 'findByKey'>;
  sessions: Pick<Sessions, 'find' | 'isCsrfToken'>;
  apiKeys: Pick<ApiKeys, 'find'>;
  guesses: KeyGuesses;
}

/** @throws RequestError `unauthenticated`, `forbidden`, `too_many_requests` */
export async function authenticate(needs: Authentication, request: Request): Promise<Actor> {
  const { authorization } = request.headers;
  if (authorization !== undefined) return actorOfKey(needs, request, authorization);
  const actor = await actorOfSession(needs, request);
  if (actor === null) throw unauthenticated();
  if (!isSafe(request)) requireOwnPage(needs.sessions, request, actor);
  return actor;
}

async function actorOfKey(needs: Authentication, request: Request, authorization: string): Promise<Actor> {
  const [, presented = ''] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (presented === '') throw unauthenticated();
  await needs.guesses.refuseTooMany(request);
  if (needs.isAdminKey(presented)) return { user: ADMIN, role: 'admin', session: null, tenantKey: null };
  const user = await needs.users.findByKey(presented);
  if (user) return { user: user.name, role: user.role, session: null, tenantKey: null };
  const caller = await needs.apiKeys.find(presented);
  if (caller) return actorOfTenant(caller);
  await needs.guesses.count(request);
  throw unauthenticated();
}

function actorOfTenant(caller: Caller): Actor {
  if (!caller.scopes.includes('admin')) {
    throw new RequestError(
      'forbidden',
      'This API key lacks the scope "admin". Send the admin key, or a key with that scope.',
      { param: 'Authorization' },
    );
  }
  return { user: `${caller.tenant}/${caller.keyId}`, role: null, session: null, tenantKey: caller };
}

/** null: there is no open session, or its user was removed. */
export async function actorOfSession(
  { sessions, users }: Pick<Authentication, 'sessions' | 'users'>,
  request: Pick<Request, 'headers'>,
): Promise<Actor | null> {
  const found = await sessions.find(readSessionCookie(request.headers.cookie));
  if (!found) return null;
  const session = { id: found.id, expiresAt: found.expiresAt };
  if (found.user === ADMIN) return { user: ADMIN, role: 'admin', session, tenantKey: null };
  const user = await users.find(found.user);
  // A user of the same name that was made later is another one.
  if (user === null || user.madeAs !== found.madeAs) return null;
  return { user: user.name, role: user.role, session, tenantKey: null };
}

function requireOwnPage(sessions: Pick<Sessions, 'isCsrfToken'>, request: Request, { session }: Actor): void {
  if (!isSameOrigin(request.headers)) {
    throw new RequestError('forbidden', 'This request does not come from a page of the console.', { param: 'Origin' });
  }
  if (session && sessions.isCsrfToken(session.id, request.headers['x-csrf-token'])) return;
  throw new RequestError(
    'forbidden',
    'Send the `csrf_token` of this session as X-CSRF-Token. GET /admin/v1/session has it.',
    { param: 'X-CSRF-Token' },
  );
}

function unauthenticated(): RequestError {
  return new RequestError(
    'unauthenticated',
    'Log in, or send the admin key or the key of a user: Authorization: Bearer <key>.',
    { param: 'Authorization' },
  );
}
