/**
 * API keys: created, listed, revoked, and looked up for every request.
 *
 * Only a SHA-256 digest of a key is stored, and the digest is the address of its record. So the look-up takes the place of a
 * constant-time comparison: no byte of a stored secret is compared with a presented byte, and the time that a look-up takes
 * says nothing about the key.
 *
 * Each API key is in two Redis keys: the tenant's list, and the record. The list is written first, and the record is deleted first.
 * So a crash in between leaves a listed key that doesn't work (revoke it again), and never a working key that no list shows.
 */
import { type Caller, CodedError, type KeyRequest, RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { type GateKeys, gateKeys } from '../keys.ts';
import { LookupCache } from '../lookup-cache.ts';
import { requireTenantId, tenantRecord } from '../tenants/tenants.ts';
import { digestOf, isKeyText, newKeyId, newKeyText } from './key-text.ts';
import { type ApiKey, createListedKeys, type ListedKey, type ListedKeys } from './listed-keys.ts';

/** A revoked key stops working within 5 s everywhere: 3 s in the cache, and 2 s for a command that is under way. */
const HIT_MS = 3_000;
const MISS_MS = 1_000;
const MAX_CACHED = 10_000;

/** The record of a revoked bootstrap key, so that the next start doesn't create it again. */
const REVOKED = 'revoked';

export interface ApiKeys {
  /**
   * Who presents this key; null: it is unknown, revoked or malformed. Cached in this process for up to 3 s (misses 1 s).
   * Throws what the connection throws.
   */
  find(presented: string): Promise<Caller | null>;
  /** Creates a key. `key` is shown only now, and can't be read again. The caller checks that the tenant exists. */
  create(tenant: string, request: KeyRequest): Promise<{ id: string; key: string }>;
  /** The tenant's keys that are not revoked, oldest first. No secrets. */
  list(tenant: string): Promise<ApiKey[]>;
  /**
   * Creates a key with the scopes and tasks of another key, which stops working `graceS` seconds later by Redis' clock (at
   * once here, within 5 s in other processes). null: there is no such key.
   * @throws RequestError `validation_failed` for a bootstrap key with a grace: only a revoked one isn't created again at start
   */
  rotate(tenant: string, keyId: string, graceS: number): Promise<{ id: string; key: string } | null>;
  /** Whether there was such a key. It stops working at once here, and within 5 s in every other process. */
  revoke(tenant: string, keyId: string): Promise<boolean>;
  /**
   * Creates a key with this text for `tenant`, to submit and to read, and the tenant if it doesn't exist. Safe to repeat, also
   * by several processes at once. A revoked key stays revoked.
   * @throws CodedError `bootstrap_key_invalid`, `bootstrap_key_taken` (it belongs to another tenant)
   */
  ensure(tenant: string, key: string): Promise<'created' | 'present' | 'revoked'>;
}

interface ApiKeysOptions {
  redis: Redis;
  prefix: string;
  /** A clock that never goes back, in ms: with the wall clock set back, a revoked key would work longer. */
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
    cache.delete(digest);
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
      // The record first here: one of several processes wins, and all of them list the id of the winner.
      const made = (await redis.set(keys.apiKey(listed.digest), JSON.stringify(caller), 'NX')) === 'OK';
      const before = made ? null : await redis.get(keys.apiKey(listed.digest));
      cache.delete(listed.digest);
      if (before === REVOKED) return 'revoked';
      const owner = readCaller(before) ?? caller;
      if (owner.tenant !== tenant) {
        throw new CodedError('bootstrap_key_taken', `The bootstrap key belongs to tenant "${owner.tenant}".`);
      }
      await listedKeys.add(tenant, owner.keyId, listed);
      return made ? 'created' : 'present';
    },
  };
}

interface RotateNeeds {
  redis: Redis;
  keys: GateKeys;
  listedKeys: ListedKeys;
  create: ApiKeys['create'];
  revoke: ApiKeys['revoke'];
}

async function rotate(
  { redis, keys, listedKeys, create, revoke }: RotateNeeds,
  tenant: string,
  keyId: string,
  graceS: number,
) {
  const listed = await listedKeys.get(tenant, keyId);
  // A key whose grace is over stays on the list until the list is read.
  if (listed === null || (await redis.exists(keys.apiKey(listed.digest))) === 0) return null;
  if (listed.bootstrap && graceS > 0) throw bootstrapGrace();
  const made = await create(tenant, { scopes: listed.scopes, ...(listed.tasks ? { tasks: listed.tasks } : {}) });
  if (graceS === 0) {
    await revoke(tenant, keyId);
    return made;
  }
  // The record's expiry ends the key, so only Redis' clock decides. A second rotation never prolongs the grace of the first.
  await redis.expire(keys.apiKey(listed.digest), graceS, 'LT');
  const expires_at = new Date(Date.now() + (await redis.pttl(keys.apiKey(listed.digest)))).toISOString();
  await listedKeys.put(tenant, keyId, { ...listed, expires_at });
  return made;
}

function requireBootstrapKey(key: string): void {
  if (isKeyText(key)) return;
  throw new CodedError(
    'bootstrap_key_invalid',
    'The bootstrap key must be "hold_" and 20 to 195 letters, digits or "_". ' +
      'A key that Holdfast created must be unchanged: its last six characters are a checksum.',
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
    'grace_s: a bootstrap key can have no grace. Use 0: then it is revoked, and the next start does not create it again.',
    { param: 'grace_s' },
  );
}

/** Frozen, because all requests with the key share it while it is cached. */
function readCaller(record: string | null): Caller | null {
  return record === null || record === REVOKED ? null : Object.freeze(JSON.parse(record) as Caller);
}
