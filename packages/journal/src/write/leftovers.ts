/** Responses that run on at a provider although their jobs have ended without a worker. Kept until somebody has ended them. */
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

/** `most` of those that are due. Nobody else is given them for 30 s; then they are due again, unless they were dropped. */
export async function claimLeftovers(cell: Cell, most: number): Promise<Leftover[]> {
  const entries = (await scripts.claimLeftovers.run(cell, [most])) as string[];
  return entries.map((entry) => {
    const { lane, since, call } = JSON.parse(entry) as { lane: string; since: string; call: string };
    return { lane, since: Number(since), call: JSON.parse(call) as OpenCall, entry };
  });
}

/** They are over. Safe to repeat. */
export async function dropLeftovers(cell: Cell, leftovers: readonly Leftover[]): Promise<void> {
  if (leftovers.length > 0) await cell.redis.zrem(cell.keys.leftover, ...leftovers.map(({ entry }) => entry));
}
