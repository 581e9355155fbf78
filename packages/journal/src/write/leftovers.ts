/** Responses that still run at a provider although their jobs have ended without a worker. Stored until a worker has ended them. */
import { type Cell, scripts } from '@holdfast/cell';
import type { OpenCall } from './call-record.ts';

export interface Leftover {
  lane: string;
  /** When its job ended: ms, Redis' clock. */
  since: number;
  call: OpenCall;
  /** As it is stored. */
  entry: string;
}

/**
 * Claims up to `limit` of those that are due. For 30 s no other worker gets them; then they are due again, unless they were
 * dropped.
 */
export async function claimLeftovers(cell: Cell, limit: number): Promise<Leftover[]> {
  const entries = (await scripts.claimLeftovers.run(cell, [limit])) as string[];
  return entries.map((entry) => {
    const { lane, since, call } = JSON.parse(entry) as { lane: string; since: string; call: string };
    return { lane, since: Number(since), call: JSON.parse(call) as OpenCall, entry };
  });
}

/** Removes leftovers that have ended. Safe to repeat. */
export async function dropLeftovers(cell: Cell, leftovers: readonly Leftover[]): Promise<void> {
  if (leftovers.length > 0) await cell.redis.zrem(cell.keys.leftover, ...leftovers.map(({ entry }) => entry));
}
