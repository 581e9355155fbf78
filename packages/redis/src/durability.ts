/**
 * Durability modes: what a 2xx answer means.
 *
 *   fsync    Redis has the job on disk: `appendonly yes`, `appendfsync always`, `no-appendfsync-on-rewrite no` (else nothing is
 *            synced while the file is written anew), `maxmemory-policy noeviction`
 *   replica  the same, and a replica has it too: see `durable-writes.ts`
 *   memory   Redis has the job in memory; a power cut or a killed Redis may lose it, nothing is asked of its settings
 */
import { MisconfigurationError } from '@holdfast/core';
import { isStoreUnavailable, type Redis } from './connect.ts';
import { isNotPermitted } from './refusal.ts';

export const durabilityModes = ['fsync', 'replica', 'memory'] as const;
export type DurabilityMode = (typeof durabilityModes)[number];

const wanted = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
};

/**
 * Compares the live server with the mode, its replicas included: what a process may start on.
 * @throws MisconfigurationError `durability_unmet`, naming each setting, its value and the command that sets it, and the
 *   replica that is missing; `durability_unknown`
 */
export async function checkDurability(redis: Redis, mode: DurabilityMode): Promise<void> {
  if (mode === 'memory') return;
  const problems = await wrongSettings(redis);
  if (mode === 'replica' && (await connectedReplicas(redis)) === 0) {
    problems.push(
      'no replica is connected and in step: start a second Redis with --replicaof <host> <port> of this one, wait until ' +
        'INFO replication here says state=online, and start again (REDIS_URL is to name the master)',
    );
  }
  throwIfAny(problems, mode);
}

/**
 * Compares the live server's settings with the mode: what has to stay so while a process runs. Replicas may come and go: who
 * waits for one finds out.
 * @throws MisconfigurationError `durability_unmet`, `durability_unknown`
 */
export async function checkSettings(redis: Redis, mode: DurabilityMode): Promise<void> {
  if (mode !== 'memory') throwIfAny(await wrongSettings(redis), mode);
}

async function wrongSettings(redis: Redis): Promise<string[]> {
  const actual = await readSettings(redis, Object.keys(wanted));
  return Object.entries(wanted)
    .filter(([setting, value]) => actual[setting] !== value)
    .map(([setting, value]) => `${setting} is "${actual[setting] ?? 'unknown'}": CONFIG SET ${setting} ${value}`);
}

function throwIfAny(problems: readonly string[], mode: DurabilityMode): void {
  if (problems.length === 0) return;
  throw new MisconfigurationError(
    'durability_unmet',
    `DURABILITY=${mode} asks more of Redis than it is set to: ${problems.join('; ')}. ` +
      `Set it there (and in redis.conf), or choose ${mode === 'replica' ? 'DURABILITY=fsync if one copy is enough, ' : ''}` +
      'DURABILITY=memory if jobs may be lost.',
  );
}

/** How many replicas are connected to this server and in step. None, where it is a replica itself. */
export async function connectedReplicas(redis: Redis): Promise<number> {
  const replication = await redis.info('replication');
  if (!/^role:master\b/m.test(replication)) return 0;
  return replication.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0;
}

async function readSettings(redis: Redis, settings: readonly string[]): Promise<Record<string, string>> {
  try {
    const flat = (await redis.call('CONFIG', 'GET', ...settings)) as string[];
    return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : [])));
  } catch (cause) {
    const isRefused = cause instanceof Error && cause.name === 'ReplyError';
    if (!isRefused || (isStoreUnavailable(cause) && !isNotPermitted(cause))) throw cause;
    throw new MisconfigurationError(
      'durability_unknown',
      'This Redis does not let CONFIG GET be asked, so what it keeps on disk is not known. Let its user ask ' +
        '(ACL SETUSER <user> +config|get), or choose DURABILITY=memory to go on.',
      { cause },
    );
  }
}
