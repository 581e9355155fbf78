/**
 * Durability modes: what a 2xx answer means.
 *
 *   fsync   Redis has the job on disk: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`
 *   memory  Redis has the job in memory; a power cut or a killed Redis may lose it, nothing is asked of its settings
 */
import { HoldfastError } from '@holdfast/core';
import type { Redis } from './connect.ts';

export const durabilityModes = ['fsync', 'memory'] as const;
export type DurabilityMode = (typeof durabilityModes)[number];

const wanted = { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' };

/**
 * Compares the live server with the mode.
 * @throws HoldfastError `durability_unmet`, naming each setting, its value and the command that sets it; `durability_unknown`
 */
export async function checkDurability(redis: Redis, mode: DurabilityMode): Promise<void> {
  if (mode === 'memory') return;
  const problems: string[] = [];
  for (const [setting, value] of Object.entries(wanted)) {
    const [, actual] = await readSetting(redis, setting);
    if (actual !== value) problems.push(`${setting} is "${actual ?? 'unknown'}": CONFIG SET ${setting} ${value}`);
  }
  if (problems.length > 0) {
    throw new HoldfastError(
      'durability_unmet',
      `DURABILITY=${mode} asks more of Redis than it is set to: ${problems.join('; ')}. ` +
        'Set it there (and in redis.conf), or choose DURABILITY=memory if jobs may be lost.',
    );
  }
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
