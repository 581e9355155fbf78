/**
 * Durability modes: what a 2xx answer means.
 *
 *   fsync    Redis has the job on disk: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`
 *   replica  the same, and a replica has it too: see `durable-writes.ts`
 *   memory   Redis has the job in memory; a power cut or a killed Redis may lose it, nothing is asked of its settings
 */
import { HoldfastError } from '@holdfast/core';
import type { Redis } from './connect.ts';

export const durabilityModes = ['fsync', 'replica', 'memory'] as const;
export type DurabilityMode = (typeof durabilityModes)[number];

const wanted = { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' };

/**
 * Compares the live server with the mode.
 * @throws HoldfastError `durability_unmet`, naming each setting, its value and the command that sets it, and the
 *   replica that is missing; `durability_unknown`
 */
export async function checkDurability(redis: Redis, mode: DurabilityMode): Promise<void> {
  if (mode === 'memory') return;
  const problems: string[] = [];
  for (const [setting, value] of Object.entries(wanted)) {
    const [, actual] = await readSetting(redis, setting);
    if (actual !== value) problems.push(`${setting} is "${actual ?? 'unknown'}": CONFIG SET ${setting} ${value}`);
  }
  if (mode === 'replica' && (await connectedReplicas(redis)) === 0) {
    problems.push(
      'no replica is connected and in step: start a second Redis with --replicaof <host> <port> of this one, wait until ' +
        'INFO replication here says state=online, and start again (REDIS_URL is to name the master)',
    );
  }
  if (problems.length > 0) {
    throw new HoldfastError(
      'durability_unmet',
      `DURABILITY=${mode} asks more of Redis than it is set to: ${problems.join('; ')}. ` +
        `Set it there (and in redis.conf), or choose ${mode === 'replica' ? 'DURABILITY=fsync if one copy is enough, ' : ''}` +
        'DURABILITY=memory if jobs may be lost.',
    );
  }
}

/** How many replicas are connected to this server and in step. None, where it is a replica itself. */
export async function connectedReplicas(redis: Redis): Promise<number> {
  const replication = await redis.info('replication');
  if (!/^role:master\b/m.test(replication)) return 0;
  return replication.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0;
}

async function readSetting(redis: Redis, setting: string): Promise<string[]> {
  try {
    return (await redis.config('GET', setting)) as string[];
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ReplyError') throw cause;
    throw new HoldfastError(
      'durability_unknown',
      'This Redis does not let CONFIG GET be asked, so what it keeps on disk is not known. Choose DURABILITY=memory to go on.',
      { cause },
    );
  }
}
