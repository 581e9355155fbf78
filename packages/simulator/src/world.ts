/** What the requests to one simulator share. */
import { Counts } from './orders/counts.ts';
import { Pauses } from './orders/pauses.ts';
import { RateLimits } from './orders/rate-limits.ts';
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
  /** Orders that hold for all calls, over their own: the provider as a whole is ill. */
  orders: string;
  /** All that run now, so that closing can stop them. */
  running: Set<Run>;
}

export function createWorld(now: () => number): World {
  return {
    counts: new Counts(),
    limits: new RateLimits(now),
    pauses: new Pauses(),
    responses: new RunStore(now),
    keyed: new RunStore(now),
    orders: '',
    running: new Set(),
  };
}
