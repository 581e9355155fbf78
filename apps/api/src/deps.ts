/** Everything that the routes need. `main.ts` makes it, `app.ts` hands each route its share, and nothing else may take it whole. */
import type { Lanes, Prices, Tracer } from '@holdfast/core';
import type { TenantLimits, warnOfUnpriced } from '@holdfast/gate';
import type { TenantCells } from '@holdfast/jobs';
import type { LiveFeed } from '@holdfast/journal';
import type { DurabilityMode, DurableWrites, MemoryWatch, Redis } from '@holdfast/redis';
import type { ServiceLogger } from '@holdfast/service';
import type { Task } from '@holdfast/tasks';
import type { FindCaller } from './access/authenticate.ts';
import type { ApiMetrics } from './api-metrics.ts';
import type { HeldRequests } from './bounds/held-requests.ts';
import type { Statistics } from './statistics.ts';

export interface ApiDeps {
  redis: Redis;
  prefix: string;
  cells: TenantCells;
  feed: LiveFeed;
  findCaller: FindCaller;
  /** Bounds streams, waiting polls and large answers, and ends them when their API key is revoked. */
  held: HeldRequests;
  limits: TenantLimits;
  /** Logs a warning, once for each model, that no budget counts it. */
  warnOfUnpriced: ReturnType<typeof warnOfUnpriced>;
  prices: Prices;
  tasks: ReadonlyMap<string, Task>;
  lanes: Lanes;
  durability: DurabilityMode;
  /** Workers should have the same. */
  configDigest: string;
  /** Writes that an answer of 2xx promises to be durable. */
  writes: DurableWrites;
  memory: MemoryWatch;
  metrics: Pick<ApiMetrics, 'attachedReaders' | 'onRequestEnd'>;
  statistics: Statistics;
  /** null: no traces are exported. */
  tracer: Tracer | null;
  logger: ServiceLogger;
  /** Aborts when the process stops. Waiting requests are then answered; attached readers are sent elsewhere. */
  stopping: AbortSignal;
  /** Of the body of a submit. */
  maxBodyBytes: number;
  /** A reader who takes nothing for this long, in ms, is cut off. */
  readerStallMs: number;
  /** Time between comment heartbeats on event streams, in ms. */
  heartbeatMs: number;
}
