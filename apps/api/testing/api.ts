/** The API in this process, on the test run's real Redis under a prefix of its own; journals are written by hand. For tests. */
import { randomBytes } from 'node:crypto';
import { Cell } from '@holdfast/cell';
import { type Caller, jobIdFor, type Logger, type ReadyQueue, scopes } from '@holdfast/core';
import { Ledger, warnOfUnpriced } from '@holdfast/gate';
import { HistoryRecorder } from '@holdfast/history';
import type { JobCell } from '@holdfast/jobs';
import { AttemptWriter, FlushClock, Journal, LiveFeed } from '@holdfast/journal';
import { LaneQueues, readBlocks } from '@holdfast/queue';
import { connectRedis, DurableWrites, disconnectRedis, MemoryWatch, type Redis, untilReady } from '@holdfast/redis';
import { createLogger, defaultLanes, Metrics } from '@holdfast/service';
import { listen, type RunningServer } from '@holdfast/service/http';
import { allTasks } from '@holdfast/tasks';
import { exampleTasks } from '@holdfast/tasks/examples';
import { sharedRedisUrl } from '../../../packages/core/testing/shared-redis.ts';
import { KeyWatch } from '../src/access/key-watch.ts';
import { ApiMetrics } from '../src/api-metrics.ts';
import { createApi } from '../src/app.ts';
import { type HeldLimits, HeldRequests } from '../src/bounds/held-requests.ts';
import { openLimits } from '../src/bounds/open-limits.ts';
import type { ApiDeps } from '../src/deps.ts';
import { Statistics } from '../src/statistics.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const caller: Caller = { tenant: 'acme', keyId: 'key1', scopes, tasks: null };

export const authorization = 'Bearer hold_test';
/** Another key, which may do the same. */
export const otherAuthorization = 'Bearer hold_other';

export interface TestApi extends RunningServer {
  app: ReturnType<typeof createApi>;
  deps: Readonly<ApiDeps>;
  /** The only one that there is. */
  cell: JobCell;
  /** From now on requests come with a key like this. */
  actAs(key: Pick<Partial<Caller>, 'tasks' | 'scopes'>): void;
  /** @param presented `authorization` or `otherAuthorization` */
  revoke(presented: string): void;
  /** As when the process is told to stop. */
  stop(): void;
  /** Releases that were taken off BullMQ, as `<lane> <job id>.<release>`. */
  removed: string[];
  /** Begins the next attempt of a job. */
  claim(jobId: string): Promise<AttemptWriter>;
  /** Submits a job and begins its first attempt. */
  begin(key: string): Promise<{ jobId: string; writer: AttemptWriter }>;
  /** As Prometheus gets them. */
  metrics(): Promise<string>;
  /** A request with the API key. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  end(): Promise<void>;
}

type Overrides = 'maxBodyBytes' | 'readerStallMs' | 'heartbeatMs' | 'prices' | 'warnOfUnpriced';

type Options = Partial<Pick<ApiDeps, Overrides>> & {
  heldLimits?: HeldLimits;
  mayTasks?: readonly string[];
};

/** @param options `mayTasks`: the tasks that the API key is limited to */
export async function startTestApi({ mayTasks, heldLimits, ...options }: Options = {}): Promise<TestApi> {
  const { redis, subscriber } = await connectToTestRedis();
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const { cell, removed } = openTestCell(new Cell({ redis, prefix, retentionMs: 3_600_000 }));
  const { journal, queue } = cell;
  const clock = new FlushClock({ journal, logger: silent });
  const keys = new Set([authorization, otherAuthorization]);
  let known: Caller = { ...caller, tasks: mayTasks ?? null };
  const findCaller: ApiDeps['findCaller'] = async (key) => (keys.has(`Bearer ${key}`) ? known : null);
  const { registry, ...standard } = await standardDeps(redis, prefix);
  const stopping = new AbortController();
  const deps: ApiDeps = {
    ...standard,
    cells: { of: () => cell },
    feed: new LiveFeed(subscriber),
    findCaller,
    held: new HeldRequests({
      limits: heldLimits ?? { total: 1_000, perKey: 1_000 },
      keyWatch: new KeyWatch(findCaller),
      onChange: (count) => standard.metrics.heldRequests.set(count),
    }),
    stopping: stopping.signal,
    maxBodyBytes: 10_000_000,
    readerStallMs: 10_000,
    heartbeatMs: 15_000,
    ...options,
  };
  const app = createApi(deps);
  const running = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    ...running,
    app,
    deps,
    cell,
    revoke: (presented) => void keys.delete(presented),
    actAs(key) {
      known = { ...caller, ...key };
    },
    stop: () => stopping.abort(),
    removed,
    claim: (jobId) => claimJob(journal, clock, jobId),
    begin: (key) => beginJob(journal, clock, key),
    metrics: () => registry.text(),
    fetch: (path, init = {}) =>
      fetch(`${running.url}${path}`, { ...init, headers: { authorization, ...init.headers } }),
    async end() {
      stopping.abort();
      await running.close(0);
      await queue.close();
      await Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]);
    },
  };
}

/** What is the same in all tests. */
async function standardDeps(redis: Redis, prefix: string) {
  const logger = createLogger('api', 'silent');
  return {
    redis,
    prefix,
    limits: await openLimits({ redis, prefix, plans: {}, logger }),
    warnOfUnpriced: warnOfUnpriced(silent),
    prices: {},
    tasks: allTasks(exampleTasks),
    lanes: defaultLanes('http://127.0.0.1:1/v1'),
    durability: 'memory' as const,
    configDigest: '',
    writes: new DurableWrites({ mode: 'memory', redis, prefix, connect: async () => redis }),
    memory: new MemoryWatch({ redis, logger: silent }),
    ...standardStatistics(redis, prefix),
    tracer: null,
    logger,
  };
}

function standardStatistics(redis: Redis, prefix: string) {
  const registry = new Metrics();
  const metrics = new ApiMetrics({
    metrics: registry,
    durability: 'fsync',
    tasks: [],
    readBlocks: () => readBlocks(redis, prefix),
  });
  const history = new HistoryRecorder({ redis, prefix, logger: silent });
  return { registry, metrics, statistics: new Statistics(metrics, history) };
}

/** `removed`: releases that were taken off BullMQ, which takes everything here, and holds nothing. */
function openTestCell(cell: Cell): { cell: JobCell; removed: string[] } {
  const removed: string[] = [];
  const ready: ReadyQueue = {
    async add() {},
    remove: async (lane, { jobId, release }) => void removed.push(`${lane} ${jobId}.${release}`),
    stateOf: async () => 'missing',
  };
  const queue = new LaneQueues({ cell, ready, onError: () => undefined });
  return { cell: { journal: new Journal(cell), queue, ledger: new Ledger(cell) }, removed };
}

async function connectToTestRedis() {
  const url = sharedRedisUrl();
  const redis = connectRedis(url, 'worker', silent);
  const subscriber = connectRedis(url, 'subscriber', silent);
  await Promise.all([untilReady(redis, 60_000), untilReady(subscriber, 60_000)]);
  return { redis, subscriber };
}

async function beginJob(journal: Journal, clock: FlushClock, key: string) {
  const request = { task: 'chat.completions', input: { model: 'sim' } };
  const requestText = JSON.stringify(request);
  const jobId = jobIdFor(caller.tenant, key);
  const job = { id: jobId, tenant: caller.tenant, lane: 'default', request, requestText, digest: key, tokens: 10 };
  await journal.submit(job, { limits: {}, estimateUsd: null });
  return { jobId, writer: await claimJob(journal, clock, jobId) };
}

async function claimJob(journal: Journal, clock: FlushClock, jobId: string): Promise<AttemptWriter> {
  const release = Number(await journal.redis.hget(journal.keysOf(jobId).record, 'release'));
  const reply = await journal.claim(jobId, release);
  if (reply.kind !== 'claimed') throw new Error(`not claimed: ${reply.kind}`);
  const { attempt, token, seq } = reply.claim;
  const ignore = () => undefined;
  return new AttemptWriter({ clock, jobId, attempt, token, seq, onCancelRequested: ignore, onRefused: ignore });
}
