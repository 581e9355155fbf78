/** What the requests to one simulator share. */
import { Counts } from './instructions/counts.ts';
import { Pauses } from './instructions/pauses.ts';
import { RateLimits } from './instructions/rate-limits.ts';
import type { StoredResponse } from './run/response-draft.ts';
import type { Run } from './run/run.ts';
import { RunStore, type StoredRun } from './run/run-store.ts';

export interface World {
  counts: Counts;
  limits: RateLimits;
  pauses: Pauses;
  /** Responses by their ids. */
  responses: RunStore<StoredResponse>;
  /** Runs by route and idempotency key. */
  keyed: RunStore<StoredRun>;
  /** Instructions for all calls, before their own: the whole provider is unhealthy. */
  instructions: string;
  /** All current runs, so that `close` can stop them. */
  running: Set<Run>;
}

export function createWorld(now: () => number): World {
  return {
    counts: new Counts(),
    limits: new RateLimits(now),
    pauses: new Pauses(),
    responses: new RunStore(now),
    keyed: new RunStore(now),
    instructions: '',
    running: new Set(),
  };
}
