/**
 * Logins that have begun at the provider, for ten minutes. The browser has a random id in a cookie; Redis has the rest under the id's
 * HMAC. Each is good for one try.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Redis } from '@holdfast/redis';
import { pendingLoginKey } from '../keys.ts';
import type { PendingLogin } from './oidc-client.ts';

const COOKIE = 'holdfast_oidc';
const SECONDS = 600;
const ID = /^[A-Za-z0-9_-]{43}$/;

export class PendingLogins {
  readonly #redis: Redis;
  readonly #keyOf: (id: string) => string;

  constructor({ redis, prefix, adminKey }: { redis: Redis; prefix: string; adminKey: string }) {
    this.#redis = redis;
    this.#keyOf = (id) => pendingLoginKey(prefix, createHmac('sha256', adminKey).update(`oidc:${id}`).digest('hex'));
  }

  /** @returns the id for the cookie */
  async add(pending: PendingLogin): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    await this.#redis.set(this.#keyOf(id), JSON.stringify(pending), 'EX', SECONDS);
    return id;
  }

  /** The login of this browser, which is no longer pending; null: there is none. */
  async take(cookieHeader: string | undefined): Promise<PendingLogin | null> {
    const pairs = cookieHeader?.split(';').map((pair) => pair.trim()) ?? [];
    const id = pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
    const stored = ID.test(id) ? await this.#redis.getdel(this.#keyOf(id)) : null;
    return stored === null ? null : (JSON.parse(stored) as PendingLogin);
  }
}

/**
 * `Lax`, not `Strict`: the provider sends the browser back from another site. It opens nothing by itself. An empty id removes it.
 */
export function writePendingCookie(id: string, secure: boolean): string {
  const maxAge = id === '' ? 0 : SECONDS;
  return `${COOKIE}=${id}; Path=/login/oidc; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${secure ? '; Secure' : ''}`;
}
