/**
 * Switches that break, from outside, the safety that a run proves: with any of them a run must end red. They are there to
 * show that the judge can see.
 *
 *   no-aof         Redis stops writing to disk once all have started (they refuse to start on such a one)
 *   unkeyed        the idempotent lane calls a provider that could honour keys, and sends none
 *   one-copy       a 2xx waits for no replica, under failovers
 *   lost-record    one acknowledged job is deleted with its journal
 *   torn-journal   the last event of one journal is written twice
 */
import type { Ledger } from './ledger.ts';
import type { Scene } from './scene.ts';

export const breaks = ['no-aof', 'unkeyed', 'one-copy', 'lost-record', 'torn-journal'] as const;
export type Break = (typeof breaks)[number];

export async function breakBefore(which: Break | undefined, { probe }: Scene): Promise<void> {
  if (which === 'no-aof') await probe.redis.config('SET', 'appendonly', 'no');
}

export async function breakAfter(which: Break | undefined, { probe }: Scene, { entries }: Ledger): Promise<void> {
  const entry = entries[Math.floor(entries.length / 2)];
  if (!entry) return;
  const { record, log } = probe.journal.keysOf(entry.id);
  if (which === 'lost-record') await probe.redis.del(record, log);
  if (which === 'torn-journal') {
    const last = (await probe.log(entry.id)).split('\n\n').at(-2);
    await probe.redis.append(log, `${last}\n\n`);
  }
}
