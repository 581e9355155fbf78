/**
 * Sessions of the console. The cookie has a random id; Redis has only the id's HMAC with the admin key. So a copy of Redis opens
 * no session, a logout ends the session at once, and a new admin key ends all sessions.
 *
 * A session ends two hours after its last use, and twelve hours after the login. It says whose it is, and not what they may do:
 * that is read at each request.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Redis } from '@holdfast/redis';
import { sessionKey } from '../keys.ts';

const MAX_SECONDS = 12 * 60 * 60;
const IDLE_SECONDS = 2 * 60 * 60;
const COOKIE = 'holdfast_console';
const ID = /^[A-Za-z0-9_-]{43}$/;

/** Whose a session is. */
export interface SessionOwner {
  user: string;
  /** Which of the users that had this name: see `users.ts`. Empty for `admin`. */
  madeAs: string;
}

export interface Session extends SessionOwner {
  id: string;
  /** When it ends, however much it is used. */
  expiresAt: number;
}

export interface Sessions {
  /** Starts a session. Its id is for the cookie. */
  start(owner: SessionOwner): Promise<Session>;
  /** The session, if it is open. It counts as used. */
  find(id: string): Promise<Session | null>;
  end(id: string): Promise<void>;
  /** The token that changes need. Only the session's pages know it. */
  csrfToken(id: string): string;
  isCsrfToken(id: string, presented: unknown): boolean;
}

interface SessionsOptions {
  redis: Redis;
  prefix: string;
  adminKey: string;
  /** In ms. */
  now?: () => number;
}

export function createSessions({ redis, prefix, adminKey, now = Date.now }: SessionsOptions): Sessions {
  const mac = (purpose: string, id: string) => createHmac('sha256', adminKey).update(`${purpose}:${id}`).digest('hex');
  const keyOf = (id: string) => sessionKey(prefix, mac('session', id));
  const csrfToken = (id: string) => mac('csrf', id);
  return {
    async start({ user, madeAs }) {
      const id = randomBytes(32).toString('base64url');
      const expiresAt = now() + MAX_SECONDS * 1_000;
      await redis.set(keyOf(id), JSON.stringify({ user, madeAs, expiresAt }), 'EX', IDLE_SECONDS);
      return { id, user, madeAs, expiresAt };
    },
    async find(id) {
      if (!ID.test(id)) return null;
      const stored = await redis.get(keyOf(id));
      if (stored === null) return null;
      const session = JSON.parse(stored) as Omit<Session, 'id'>;
      const leftMs = session.expiresAt - now();
      if (leftMs <= 0) return null;
      // Ended meanwhile, it stays ended: this makes no key.
      await redis.pexpire(keyOf(id), Math.min(IDLE_SECONDS * 1_000, leftMs));
      return { id, user: session.user, madeAs: session.madeAs, expiresAt: session.expiresAt };
    },
    end: async (id) => void (await redis.del(keyOf(id))),
    csrfToken,
    isCsrfToken(id, presented) {
      if (typeof presented !== 'string') return false;
      const [given, expected] = [Buffer.from(presented), Buffer.from(csrfToken(id))];
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

/** The session id in a `Cookie` header; empty when there is none. */
export function readSessionCookie(header: string | undefined): string {
  const pairs = header?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
}

/** A `Set-Cookie` header. An empty id removes the cookie. */
export function writeSessionCookie(id: string, secure: boolean): string {
  const maxAge = id === '' ? 0 : MAX_SECONDS;
  return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${secure ? '; Secure' : ''}`;
}
