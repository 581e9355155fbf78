/**
 * Logging in with a key:
 *
 *   count the try → whose key → audit entry → session
 *
 * It needs no CSRF token: without a key, a forged login fails.
 */
import type { Role } from '@holdfast/admin';
import { RequestError } from '@holdfast/core';
import type { Request, Response } from '@holdfast/service/http';
import { ADMIN } from '../access/actor.ts';
import { addressOf } from '../access/client-address.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { type Session, type Sessions, writeSessionCookie } from './session.ts';
import type { KnownUser, Users } from './users.ts';

export interface LogInNeeds {
  isAdminKey(presented: string): boolean;
  users: Pick<Users, 'findByKey' | 'loggedIn'>;
  sessions: Pick<Sessions, 'start'>;
  throttle: LoginThrottle;
  audit: Pick<AuditLog, 'begin' | 'end' | 'refusedLogin'>;
}

export interface LoggedIn {
  session: Session;
  role: Role;
}

/** @throws RequestError `unauthenticated` for a wrong key, `too_many_requests` */
export async function logIn(needs: LogInNeeds, request: Request, key: string): Promise<LoggedIn> {
  const address = addressOf(request);
  await needs.throttle.count(address, key);
  const user = needs.isAdminKey(key) ? null : await needs.users.findByKey(key);
  if (user === null && !needs.isAdminKey(key)) {
    await needs.audit.refusedLogin(address, 'unauthenticated');
    throw new RequestError('unauthenticated', 'key: this is neither the admin key nor the key of a user.', {
      param: 'key',
    });
  }
  return startSession(needs, address, user);
}

/** Starts the session of someone who has proved who they are. @param user null: the admin */
export async function startSession(
  { users, sessions, audit }: Pick<LogInNeeds, 'sessions' | 'audit'> & { users: Pick<Users, 'loggedIn'> },
  address: string,
  user: KnownUser | null,
): Promise<LoggedIn> {
  const { name, role, madeAs } = user ?? { name: ADMIN, role: 'admin' as const, madeAs: '' };
  const subject = { user: name, role, address, target: null, tenant: null };
  const entry = await audit.begin({ ...subject, action: 'login', details: {} });
  const session = await sessions.start({ user: name, madeAs });
  if (user) await users.loggedIn(user);
  await audit.end(entry, 'done');
  return { session, role };
}

export function setSessionCookie(request: Request, response: Response, sessionId: string): void {
  response.setHeader('set-cookie', writeSessionCookie(sessionId, isHttps(request)));
}

/** Behind a proxy that ends TLS, its header counts. A client that forges it changes only its own cookie. */
export function isHttps(request: Request): boolean {
  return request.secure || request.headers['x-forwarded-proto'] === 'https';
}
