/** What the routes work with: made once in `main.ts`, handed to every route. */
import type { Cells } from '@holdfast/cell';
import type { Caller, Lanes, Prices } from '@holdfast/core';
import type { Ledger, TenantLimits, warnOfUnpriced } from '@holdfast/gate';
import type { Journal, LiveFeed } from '@holdfast/journal';
import type { LaneQueues } from '@holdfast/queue';
import type { DurabilityMode, DurableWrites, MemoryWatch, Redis } from '@holdfast/redis';
import type { ServiceLogger } from '@holdfast/service';
import type { Task } from '@holdfast/tasks';
import type { ApiMetrics } from './api-metrics.ts';
import type { HeldRequests } from './bounds/held-requests.ts';

/** What belongs to one cell: to whole tenants. */
export interface ApiCell {
  journal: Journal;
  queue: LaneQueues;
  ledger: Ledger;
}

export interface ApiParts {
  redis: Redis;
  prefix: string;
  /** Found by tenant. */
  cells: Pick<Cells<ApiCell>, 'of'>;
  feed: LiveFeed;
  /** Whose key this is; null: nobody's. */
  findCaller: (apiKey: string) => Promise<Caller | null>;
  /** Streams, polls that wait and large answers: bounded, and ended with their keys. */
  held: HeldRequests;
  limits: TenantLimits;
  /** Says once for each model that no budget counts it. */
  warnOfUnpriced: ReturnType<typeof warnOfUnpriced>;
  prices: Prices;
  tasks: ReadonlyMap<string, Task>;
  lanes: Lanes;
  durability: DurabilityMode;
  /** Workers should have the same. */
  configDigest: string;
  /** What an answer of 2xx stands for is written through this. */
  writes: DurableWrites;
  memory: MemoryWatch;
  metrics: ApiMetrics;
  logger: ServiceLogger;
  /** Aborts when the process stops: waiting requests are then answered, attached readers let go to attach elsewhere. */
  stopping: AbortSignal;
  /** Of the body of a submit. */
  maxBodyBytes: number;
  /** A reader who takes nothing for so long, in ms, is cut off. */
  readerStallMs: number;
  /** Time between comment heartbeats on event streams, in ms. */
  heartbeatMs: number;
}
