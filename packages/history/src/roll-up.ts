/**
 * Adds closed buckets to the next coarser ones: minutes to quarters, quarters to hours, hours to days. Each exactly once: one script adds
 * it and notes that it did. A crash in between leaves the rest for the next round. Any process may call it, also several at once.
 */
import type { Redis } from '@holdfast/redis';
import { type BucketKind, bucketShapes } from './buckets.ts';
import { historyKeys } from './keys.ts';
import { rollUpScript } from './scripts.ts';

interface Step {
  kind: BucketKind;
  coarser: BucketKind;
  /** Has to be rolled up into `kind` before. */
  finer: BucketKind | null;
}

export const steps: readonly Step[] = [
  { kind: 'minute', coarser: 'quarter', finer: null },
  { kind: 'quarter', coarser: 'hour', finer: 'minute' },
  { kind: 'hour', coarser: 'day', finer: 'quarter' },
  { kind: 'tenants-hour', coarser: 'tenants-day', finer: null },
];

/** Rolls up all that is over. Throws what the connection throws; what was rolled up by then stays so. */
export async function rollUp(redis: Redis, prefix: string): Promise<void> {
  const { base, rolled } = historyKeys(prefix);
  for (const step of steps) while ((await rollUpScript.run(redis, [rolled], argumentsOf(base, step))) === 1);
}

function argumentsOf(base: string, { kind, coarser, finer }: Step): (string | number)[] {
  const { seconds, keptS } = bucketShapes[kind];
  const to = bucketShapes[coarser];
  const ofFiner = finer === null ? 1 : seconds / bucketShapes[finer].seconds;
  return [base, kind, seconds, keptS / seconds, coarser, to.seconds / seconds, to.keptS, finer ?? '', ofFiner];
}
