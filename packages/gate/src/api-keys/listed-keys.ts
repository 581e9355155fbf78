/** A tenant's list of its API keys, without the keys themselves. Only a key's record says whether the key works. */
import type { Scope } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import type { GateKeys } from '../keys.ts';
import { isTenantId } from '../tenants/tenants.ts';

export interface ApiKey {
  id: string;
  scopes: Scope[];
  /** The tasks whose jobs the key may submit, see and change; null: all. */
  tasks: string[] | null;
  /** The operator chose it (HOLDFAST_BOOTSTRAP_KEY); it was not created here. */
  bootstrap: boolean;
  /** ISO 8601 UTC. */
  created_at: string;
  /** When the key stops working, after its rotation; null: it was not rotated. */
  expires_at: string | null;
}

export type ListedKey = Omit<ApiKey, 'id'> & { digest: string };

export interface ListedKeys {
  get(tenant: string, keyId: string): Promise<ListedKey | null>;
  put(tenant: string, keyId: string, listed: ListedKey): Promise<void>;
  /** Adds the key, unless the list has it. */
  add(tenant: string, keyId: string, listed: ListedKey): Promise<void>;
  /** @returns whether the list had it */
  remove(tenant: string, keyId: string): Promise<boolean>;
  /** Oldest first. Removes rotated keys whose grace is over. */
  list(tenant: string): Promise<ApiKey[]>;
}

export function createListedKeys(redis: Redis, keys: GateKeys): ListedKeys {
  /** Ids of rotated keys whose records have expired. */
  async function expiredOf(listed: [string, ListedKey][]): Promise<Set<string>> {
    const rotated = listed.filter(([, { expires_at }]) => expires_at);
    const there = await Promise.all(rotated.map(([, { digest }]) => redis.exists(keys.apiKey(digest))));
    return new Set(rotated.filter((_, at) => there[at] === 0).map(([id]) => id));
  }

  return {
    async get(tenant, keyId) {
      const record = isTenantId(tenant) ? await redis.hget(keys.tenantKeys(tenant), keyId) : null;
      return record === null ? null : (JSON.parse(record) as ListedKey);
    },
    async put(tenant, keyId, listed) {
      await redis.hset(keys.tenantKeys(tenant), keyId, JSON.stringify(listed));
    },
    async add(tenant, keyId, listed) {
      await redis.hsetnx(keys.tenantKeys(tenant), keyId, JSON.stringify(listed));
    },
    remove: async (tenant, keyId) => (await redis.hdel(keys.tenantKeys(tenant), keyId)) === 1,
    async list(tenant) {
      if (!isTenantId(tenant)) return [];
      const all = Object.entries(await redis.hgetall(keys.tenantKeys(tenant)));
      const listed = all.map(([id, record]): [string, ListedKey] => [id, JSON.parse(record) as ListedKey]);
      const over = await expiredOf(listed);
      if (over.size > 0) await redis.hdel(keys.tenantKeys(tenant), ...over);
      const shown = listed.filter(([id]) => !over.has(id)).map(([id, key]) => showKey(id, key));
      return shown.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
    },
  };
}

function showKey(id: string, { scopes, tasks, bootstrap, created_at, expires_at = null }: ListedKey): ApiKey {
  return { id, scopes, tasks, bootstrap, created_at, expires_at };
}
