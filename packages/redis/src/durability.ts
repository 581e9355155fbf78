/**
 * Durability modes: what a 2xx answer promises.
 *
 *   fsync    Redis has the job on disk: `appendonly yes`, `appendfsync always`, `no-appendfsync-on-rewrite no` (otherwise nothing is
 *            synced while the file is rewritten), `maxmemory-policy noeviction`
 *   replica  the same, and a replica has it too: see `durable-writes.ts`
 *   memory   Redis has the job in memory: a power cut or a killed Redis may lose it. Its settings are not checked
 */
import { MisconfigurationError } from '@holdfast/core';
import { isStoreUnavailable, type Redis } from './connect.ts';
import { isNotPermitted } from './refusal.ts';
import { replyCodeOf } from './reply-error.ts';

export const durabilityModes = ['fsync', 'replica', 'memory'] as const;
export type DurabilityMode = (typeof durabilityModes)[number];

const requiredSettings = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
};

/**
 * Compares the live server and its replicas with the mode, before a process starts.
 * @throws MisconfigurationError `durability_unmet`, with each wrong setting, its value and the command that sets it, and a missing
 *   replica; `durability_unknown`
 */
export async function checkDurability(redis: Redis, mode: DurabilityMode): Promise<void> {
  if (mode === 'memory') return;
  const problems = await wrongSettings(redis);
  if (mode === 'replica' && (await connectedReplicas(redis)) === 0) {
    problems.push(
      'no replica is connected and up to date: start a second Redis with --replicaof <host> <port> of this one, wait until ' +
        'INFO replication here says state=online, and start again (REDIS_URL must name the master)',
    );
  }
  throwProblems(problems, mode);
}

/**
 * Compares the live server's settings with the mode, while a process runs. Replicas may come and go: a write that needs one finds
 * out.
 * @throws MisconfigurationError `durability_unmet`, `durability_unknown`
 */
export async function checkSettings(redis: Redis, mode: DurabilityMode): Promise<void> {
  if (mode !== 'memory') throwProblems(await wrongSettings(redis), mode);
}

async function wrongSettings(redis: Redis): Promise<string[]> {
  const actual = await readSettings(redis, Object.keys(requiredSettings));
  return Object.entries(requiredSettings)
    .filter(([setting, value]) => actual[setting] !== value)
    .map(([setting, value]) => `${setting} is "${actual[setting] ?? 'unknown'}": CONFIG SET ${setting} ${value}`);
}

function throwProblems(problems: readonly string[], mode: DurabilityMode): void {
  if (problems.length === 0) return;
  throw new MisconfigurationError(
    'durability_unmet',
    `Redis is not set up for DURABILITY=${mode}: ${problems.join('; ')}. ` +
      `Change it there (and in redis.conf), or choose ${mode === 'replica' ? 'DURABILITY=fsync if one copy is enough, ' : ''}` +
      'DURABILITY=memory if jobs may be lost.',
  );
}

/** How many replicas are connected to this server and up to date. 0 where it is a replica itself. */
export async function connectedReplicas(redis: Redis): Promise<number> {
  const replication = await redis.info('replication');
  if (!/^role:master\b/m.test(replication)) return 0;
  return replication.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0;
}

/** @throws MisconfigurationError `durability_unknown` */
export async function readSettings(redis: Redis, settings: readonly string[]): Promise<Record<string, string>> {
  try {
    const flat = (await redis.call('CONFIG', 'GET', ...settings)) as string[];
    return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : [])));
  } catch (cause) {
    if (replyCodeOf(cause) === null || (isStoreUnavailable(cause) && !isNotPermitted(cause))) throw cause;
    throw new MisconfigurationError(
      'durability_unknown',
      'This Redis does not allow CONFIG GET, so it is not known what it stores on disk. Allow it to the user of REDIS_URL ' +
        '(ACL SETUSER <user> +config|get), or choose DURABILITY=memory to go on.',
      { cause },
    );
  }
}
