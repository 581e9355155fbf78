/**
 * API keys: made, listed, revoked, and looked up for every request.
 *
 * Only a SHA-256 digest of a key is stored, and the digest is the address of its record. That makes the look-up the
 * constant-time comparison: no byte of a stored secret is ever compared with a byte that was presented, and how long
 * finding a digest takes says nothing about the key it was made of.
 *
 * Two Redis keys know of each API key, the tenant's list and the record. They are written list first and taken away
 * record first, so that a crash in between leaves a listed key that doesn't work (revoke it again), never a working one
 * that nobody can see.
 */
import { type Caller, HoldfastError, type Scope, scopes } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import type { KeyRequest } from './key-requests.ts';
import { digestOf, isKeyText, newKeyId, newKeyText } from './key-text.ts';
import { gateKeys } from './keys.ts';
import { LookupCache } from './lookup-cache.ts';
import { isTenantId, requireTenantId, tenantRecord } from './tenants.ts';

/** A revocation is obeyed within 5 s everywhere: 3 s of memory, and 2 s for a command that is under way. */
const HIT_MS = 3_000;
const MISS_MS = 1_000;
const MAX_CACHED = 10_000;

/** What a revoked bootstrap key leaves behind, so that the next start doesn't bring it back. */
const REVOKED = 'revoked';

export interface ApiKey {
  id: string;
  scopes: Scope[];
  /** Tasks that it may submit; null: all. */
  tasks: string[] | null;
  /** Given from outside as a bootstrap key, not made here. */
  bootstrap: boolean;
  /** ISO 8601 UTC. */
  created_at: string;
}

type ListedKey = Omit<ApiKey, 'id'> & { digest: string };

export interface ApiKeys {
  /**
   * Who presents this key; null when it is unknown, revoked or malformed. Remembered in this process for up to 3 s
   * (misses 1 s). Throws what the connection throws.
   */
  find(presented: string): Promise<Caller | null>;
  /** Makes a key. `key` is shown this once; it can't be had again. Whether the tenant exists is the caller's to check. */
  create(tenant: string, request: KeyRequest): Promise<{ id: string; key: string }>;
  /** The tenant's keys that are not revoked, oldest first. No secrets. */
  list(tenant: string): Promise<ApiKey[]>;
  /** Whether there was such a key. It stops working at once here, and within 5 s in every other process. */
  revoke(tenant: string, keyId: string): Promise<boolean>;
  /**
   * Makes a key that was given from outside work for `tenant`, with every scope; makes the tenant where there is none.
   * Safe to repeat, also at once by several processes. A revoked key stays revoked.
   * @throws HoldfastError `bootstrap_key_invalid`, `bootstrap_key_taken` (it belongs to another tenant)
   */
  ensure(tenant: string, key: string): Promise<'created' | 'present' | 'revoked'>;
}

interface ApiKeysOptions {
  redis: Redis;
  prefix: string;
  /** A clock that never goes back, in ms: the wall clock, set back, would prolong a revoked key's life. */
  now?: () => number;
}

export function createApiKeys({ redis, prefix, now = () => performance.now() }: ApiKeysOptions): ApiKeys {
  const keys = gateKeys(prefix);
  const cache = new LookupCache<Caller>({ hitMs: HIT_MS, missMs: MISS_MS, maxEntries: MAX_CACHED, now });

  return {
    async find(presented) {
      if (!isKeyText(presented)) return null;
      const digest = digestOf(presented);
      return cache.get(digest, async () => readCaller(await redis.get(keys.apiKey(digest))));
    },

    async create(tenant, request) {
      requireTenantId(tenant);
      const id = newKeyId();
      const key = newKeyText(id);
      const { listed, caller } = describeKey(tenant, id, key, request, false);
      await redis.hset(keys.tenantKeys(tenant), id, JSON.stringify(listed));
      await redis.set(keys.apiKey(listed.digest), JSON.stringify(caller));
      return { id, key };
    },

    async list(tenant) {
      if (!isTenantId(tenant)) return [];
      const all = Object.entries(await redis.hgetall(keys.tenantKeys(tenant)));
      const shown = all.map(([id, record]) => showKey(id, JSON.parse(record) as ListedKey));
      return shown.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
    },

    async revoke(tenant, keyId) {
      if (!isTenantId(tenant)) return false;
      const record = await redis.hget(keys.tenantKeys(tenant), keyId);
      if (record === null) return false;
      const { digest, bootstrap } = JSON.parse(record) as ListedKey;
      if (bootstrap) await redis.set(keys.apiKey(digest), REVOKED);
      else await redis.del(keys.apiKey(digest));
      cache.forget(digest);
      return (await redis.hdel(keys.tenantKeys(tenant), keyId)) === 1;
    },

    async ensure(tenant, key) {
      requireTenantId(tenant);
      requireBootstrapKey(key);
      const { listed, caller } = describeKey(tenant, newKeyId(), key, { scopes: [...scopes] }, true);
      await redis.hsetnx(keys.tenants, tenant, tenantRecord({}, listed.created_at));
      // The record first here: of several processes one wins, and all of them list the winner's id.
      const made = (await redis.set(keys.apiKey(listed.digest), JSON.stringify(caller), 'NX')) === 'OK';
      const before = made ? null : await redis.get(keys.apiKey(listed.digest));
      cache.forget(listed.digest);
      if (before === REVOKED) return 'revoked';
      const owner = readCaller(before) ?? caller;
      if (owner.tenant !== tenant) {
        throw new HoldfastError('bootstrap_key_taken', `The bootstrap key belongs to tenant "${owner.tenant}".`);
      }
      await redis.hsetnx(keys.tenantKeys(tenant), owner.keyId, JSON.stringify(listed));
      return made ? 'created' : 'present';
    },
  };
}

function requireBootstrapKey(key: string): void {
  if (isKeyText(key)) return;
  throw new HoldfastError(
    'bootstrap_key_invalid',
    'The bootstrap key must be "hold_" and 20 to 195 letters, digits or "_" ' +
      '(and unchanged, where it was made by Holdfast: its last six characters are a checksum).',
  );
}

function describeKey(tenant: string, id: string, key: string, request: KeyRequest, bootstrap: boolean) {
  const { tasks = null } = request;
  const scopes = [...new Set(request.scopes)];
  const created_at = new Date().toISOString();
  const listed: ListedKey = { scopes, tasks, bootstrap, created_at, digest: digestOf(key) };
  const caller: Caller = { tenant, keyId: id, scopes, tasks };
  return { listed, caller };
}

function showKey(id: string, { scopes, tasks, bootstrap, created_at }: ListedKey): ApiKey {
  return { id, scopes, tasks, bootstrap, created_at };
}

/** Frozen, because all requests of a key share it while it is remembered. */
function readCaller(record: string | null): Caller | null {
  return record === null || record === REVOKED ? null : Object.freeze(JSON.parse(record) as Caller);
}
