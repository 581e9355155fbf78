/** Notes how much memory Redis uses: every five minutes, for the last day, by one process of all. `memory-growth.ts` reads trends in it. */
import type { Logger } from '@holdfast/core';
import type { Redis } from './connect.ts';
import { memoryKey, memoryTurnKey } from './keys.ts';
import type { MemorySample } from './memory-growth.ts';

const EVERY_MS = 300_000;
const TRY_EVERY_MS = 30_000;
const MAX_NOTES = 288;
/** Notes that nobody adds to are gone after a day. */
const KEPT_MS = 90_000_000;

/** Notes it now and then, until the returned function is called. Failures are logged. */
export function startMemoryNotes(redis: Redis, prefix: string, logger: Logger): () => void {
  const quietly = () =>
    noteMemory(redis, prefix).catch((error: unknown) => logger.warn({ error }, 'memory of redis not noted'));
  void quietly();
  const timer = setInterval(() => void quietly(), TRY_EVERY_MS);
  return () => clearInterval(timer);
}

/** Notes it, unless that was done within five minutes. */
export async function noteMemory(redis: Redis, prefix: string): Promise<void> {
  if ((await redis.set(memoryTurnKey(prefix), '1', 'PX', EVERY_MS - 1_000, 'NX')) === null) return;
  const [[seconds], memory] = await Promise.all([redis.time(), redis.info('memory')]);
  const used = /^used_memory:(\d+)/m.exec(memory)?.[1] ?? '0';
  const key = memoryKey(prefix);
  await Promise.all([
    redis.lpush(key, `${Number(seconds) * 1_000} ${used}`),
    redis.ltrim(key, 0, MAX_NOTES - 1),
    redis.pexpire(key, KEPT_MS),
  ]);
}

/** The newest first. */
export async function readMemoryNotes(redis: Redis, prefix: string): Promise<MemorySample[]> {
  const notes = await redis.lrange(memoryKey(prefix), 0, -1);
  return notes.map((note) => {
    const [atMs = 0, usedBytes = 0] = note.split(' ').map(Number);
    return { atMs, usedBytes };
  });
}
