/** What an operator wants to know of Redis: how it is set, how full it is, and when it will be full. Asks the server, and changes nothing. */
import { MisconfigurationError } from '@holdfast/core';
import type { Redis } from './connect.ts';
import { checkDurability, type DurabilityMode, readSettings } from './durability.ts';
import { growthOf, type MemoryGrowth } from './memory-growth.ts';
import { readMemoryNotes } from './memory-notes.ts';
import { NEARLY_FULL } from './memory-watch.ts';
import { replicaRefusal } from './refusal.ts';

export interface RedisFacts {
  version: string;
  usedBytes: number;
  /** `maxmemory`; null: no limit. */
  maxBytes: number | null;
  /** What it does when it is full. */
  policy: string;
  appendOnly: boolean;
  /** null: the user of REDIS_URL may not ask. */
  fsync: string | null;
  /** The last rewrite of the append-only file, and the last write to it, succeeded. */
  isFileWell: boolean;
  /** It writes that file anew at this moment. */
  isRewriting: boolean;
  clients: number;
  replicas: number;
  /** In the last day. */
  growth: MemoryGrowth;
  /** What the durability mode demands and Redis lacks, with what to do; null: nothing, or no mode was given. */
  fault: string | null;
}

/** @param mode null: unknown. Throws what the connection throws. */
export async function readRedisFacts(redis: Redis, prefix: string, mode: DurabilityMode | null): Promise<RedisFacts> {
  const [info, notes, fsync, durabilityFault] = await Promise.all([
    readInfo(redis),
    readMemoryNotes(redis, prefix),
    faultless(readSettings(redis, ['appendfsync']).then((settings) => settings.appendfsync ?? null)),
    mode === null ? null : faultOf(checkDurability(redis, mode)),
  ]);
  const maxBytes = Number(info.maxmemory) || null;
  return {
    version: info.valkey_version ?? info.redis_version ?? '',
    usedBytes: Number(info.used_memory),
    maxBytes,
    policy: info.maxmemory_policy ?? '',
    appendOnly: info.aof_enabled === '1',
    fsync,
    isFileWell: info.aof_last_bgrewrite_status !== 'err' && info.aof_last_write_status !== 'err',
    isRewriting: info.aof_rewrite_in_progress === '1',
    clients: Number(info.connected_clients),
    replicas: Number(info.connected_slaves ?? 0),
    growth: growthOf(notes, maxBytes === null ? null : maxBytes * NEARLY_FULL),
    fault: info.role === 'slave' ? replicaRefusal().message : durabilityFault,
  };
}

async function readInfo(redis: Redis): Promise<Record<string, string>> {
  const sections = ['server', 'memory', 'persistence', 'clients', 'replication'];
  const texts = await Promise.all(sections.map((section) => redis.info(section)));
  return Object.fromEntries(
    [...texts.join('\n').matchAll(/^([a-z0-9_]+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

async function faultOf(check: Promise<void>): Promise<string | null> {
  return check.then(
    () => null,
    (error: unknown) => {
      if (error instanceof MisconfigurationError) return error.message;
      throw error;
    },
  );
}

/** null: it can't be known, as `CONFIG GET` is not permitted. */
async function faultless(asked: Promise<string | null>): Promise<string | null> {
  return asked.catch((error: unknown) => {
    if (error instanceof MisconfigurationError) return null;
    throw error;
  });
}
