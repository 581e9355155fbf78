/**
 * Sessions of the console. The cookie has a random id; Redis has only the id's HMAC with the admin key. So a copy of Redis opens
 * no session, a logout ends the session at once, and a new admin key ends all sessions.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Redis } from '@holdfast/redis';
import { sessionKey } from '../keys.ts';

const SESSION_SECONDS = 12 * 60 * 60;
const COOKIE = 'holdfast_console';
const ID = /^[A-Za-z0-9_-]{43}$/;

export interface Sessions {
  /** Starts a session. Returns its id, for the cookie. */
  start(): Promise<string>;
  isOpen(id: string): Promise<boolean>;
  end(id: string): Promise<void>;
  /** The token in the session's forms. Only the session's pages show it. */
  formToken(id: string): string;
  isFormToken(id: string, presented: unknown): boolean;
}

export function createSessions(options: { redis: Redis; prefix: string; adminKey: string }): Sessions {
  const { redis, prefix, adminKey } = options;
  const mac = (purpose: string, id: string) => createHmac('sha256', adminKey).update(`${purpose}:${id}`).digest('hex');
  const keyOf = (id: string) => sessionKey(prefix, mac('session', id));
  const formToken = (id: string) => mac('form', id);
  return {
    async start() {
      const id = randomBytes(32).toString('base64url');
      await redis.set(keyOf(id), 'open', 'EX', SESSION_SECONDS);
      return id;
    },
    isOpen: async (id) => ID.test(id) && (await redis.exists(keyOf(id))) === 1,
    end: async (id) => void (await redis.del(keyOf(id))),
    formToken,
    isFormToken(id, presented) {
      if (typeof presented !== 'string') return false;
      const [given, expected] = [Buffer.from(presented), Buffer.from(formToken(id))];
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
  const maxAge = id === '' ? 0 : SESSION_SECONDS;
  return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${secure ? '; Secure' : ''}`;
}
