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
import { type Caller, HoldfastError, RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { type GateKeys, gateKeys } from '../keys.ts';
import { requireTenantId, tenantRecord } from '../tenants.ts';
import type { KeyRequest } from './key-requests.ts';
import { digestOf, isKeyText, newKeyId, newKeyText } from './key-text.ts';
import { type ApiKey, createListedKeys, type ListedKey, type ListedKeys } from './listed-keys.ts';
import { LookupCache } from './lookup-cache.ts';

/** A revocation is obeyed within 5 s everywhere: 3 s of memory, and 2 s for a command that is under way. */
const HIT_MS = 3_000;
const MISS_MS = 1_000;
const MAX_CACHED = 10_000;

/** What a revoked bootstrap key leaves behind, so that the next start doesn't bring it back. */
const REVOKED = 'revoked';

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
  /**
   * Makes a key with the scopes and tasks of another, which stops working `graceS` seconds later, by Redis' clock (at once
   * here, within 5 s elsewhere). null: there is no such key.
   * @throws RequestError `validation_failed` for a bootstrap key with a grace: only a key that is revoked stays away
   */
  rotate(tenant: string, keyId: string, graceS: number): Promise<{ id: string; key: string } | null>;
  /** Whether there was such a key. It stops working at once here, and within 5 s in every other process. */
  revoke(tenant: string, keyId: string): Promise<boolean>;
  /**
   * Makes a key that was given from outside work for `tenant`, to submit and to read; makes the tenant where there is none.
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

  const listedKeys = createListedKeys(redis, keys);

  async function create(tenant: string, request: KeyRequest) {
    requireTenantId(tenant);
    const id = newKeyId();
    const key = newKeyText(id);
    const { listed, caller } = describeKey(tenant, id, key, request, false);
    await listedKeys.put(tenant, id, listed);
    await redis.set(keys.apiKey(listed.digest), JSON.stringify(caller));
    return { id, key };
  }

  async function revoke(tenant: string, keyId: string): Promise<boolean> {
    const listed = await listedKeys.get(tenant, keyId);
    if (listed === null) return false;
    const { digest, bootstrap } = listed;
    if (bootstrap) await redis.set(keys.apiKey(digest), REVOKED);
    else await redis.del(keys.apiKey(digest));
    cache.forget(digest);
    return listedKeys.remove(tenant, keyId);
  }

  return {
    create,
    revoke,
    list: (tenant) => listedKeys.list(tenant),
    rotate: (tenant, keyId, graceS) => rotate({ redis, keys, listedKeys, create, revoke }, tenant, keyId, graceS),

    async find(presented) {
      if (!isKeyText(presented)) return null;
      const digest = digestOf(presented);
      return cache.get(digest, async () => readCaller(await redis.get(keys.apiKey(digest))));
    },

    async ensure(tenant, key) {
      requireTenantId(tenant);
      requireBootstrapKey(key);
      const { listed, caller } = describeKey(tenant, newKeyId(), key, { scopes: ['submit', 'read'] }, true);
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
      await listedKeys.add(tenant, owner.keyId, listed);
      return made ? 'created' : 'present';
    },
  };
}

interface RotateParts {
  redis: Redis;
  keys: GateKeys;
  listedKeys: ListedKeys;
  create: ApiKeys['create'];
  revoke: ApiKeys['revoke'];
}

async function rotate(
  { redis, keys, listedKeys, create, revoke }: RotateParts,
  tenant: string,
  keyId: string,
  graceS: number,
) {
  const listed = await listedKeys.get(tenant, keyId);
  // One whose grace is over is listed until the list is next asked for.
  if (listed === null || (await redis.exists(keys.apiKey(listed.digest))) === 0) return null;
  if (listed.bootstrap && graceS > 0) throw bootstrapGrace();
  const made = await create(tenant, { scopes: listed.scopes, ...(listed.tasks ? { tasks: listed.tasks } : {}) });
  if (graceS === 0) {
    await revoke(tenant, keyId);
    return made;
  }
  // The record's own time to live ends it: no clock but Redis' decides. A second rotation never prolongs the first's.
  await redis.expire(keys.apiKey(listed.digest), graceS, 'LT');
  const expires_at = new Date(Date.now() + (await redis.pttl(keys.apiKey(listed.digest)))).toISOString();
  await listedKeys.put(tenant, keyId, { ...listed, expires_at });
  return made;
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
  const listed: ListedKey = { scopes, tasks, bootstrap, created_at, expires_at: null, digest: digestOf(key) };
  const caller: Caller = { tenant, keyId: id, scopes, tasks };
  return { listed, caller };
}

function bootstrapGrace(): RequestError {
  return new RequestError(
    'validation_failed',
    'grace_s: a bootstrap key has no grace; revoked, it stays so at the next start',
    { param: 'grace_s' },
  );
}

/** Frozen, because all requests of a key share it while it is remembered. */
function readCaller(record: string | null): Caller | null {
  return record === null || record === REVOKED ? null : Object.freeze(JSON.parse(record) as Caller);
}
