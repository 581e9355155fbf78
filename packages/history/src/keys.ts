/**
 * The history's keys. All share the hash tag `{history}`, so that one script may touch several of them on a Redis Cluster.
 *
 *   H = `<p>:{history}:`
 *   H minute:<n>            hash    what all processes counted in that minute              48 h
 *   H quarter:<n>           hash    the same of a quarter of an hour                       48 h
 *   H hour:<n>              hash    of an hour                                             35 days
 *   H day:<n>               hash    of a day                                               400 days
 *   H tenants-hour:<n>      hash    by tenant, of an hour                                  35 days
 *   H tenants-day:<n>       hash    by tenant, of a day                                    400 days
 *   H rolled                hash    kind of bucket → number of the first that is not rolled up yet
 *   H flushed:<process>     string  number of the last flush of a process that was counted   1 day
 *
 * `<n>` counts the bucket's lengths since 1970, in UTC, on Redis' clock.
 */
import type { BucketKind } from './buckets.ts';

export interface HistoryKeys {
  /** H: scripts make the names of buckets themselves. */
  base: string;
  rolled: string;
  bucket(kind: BucketKind, number: number): string;
}

export function historyKeys(prefix: string): HistoryKeys {
  const base = `${prefix}:{history}:`;
  return { base, rolled: `${base}rolled`, bucket: (kind, number) => `${base}${kind}:${number}` };
}
