/** The API in this process, on the test run's real Redis under a prefix of its own; journals are written by hand. For tests. */
import { randomBytes } from 'node:crypto';
import { type Caller, jobIdFor, type Logger, scopes } from '@holdfast/core';
import { createAdmission, Ledger } from '@holdfast/gate';
import { AttemptWriter, FlushClock, Journal, LiveFeed } from '@holdfast/journal';
import { LaneQueues } from '@holdfast/queue';
import { connectRedis, DurableWrites, disconnectRedis, MemoryWatch, untilReady } from '@holdfast/redis';
import { createLogger, defaultLanes, listen, type RunningServer } from '@holdfast/service';
import { allTasks } from '@holdfast/tasks';
import { ApiMetrics } from './api-metrics.ts';
import { createApi } from './app.ts';
import { KeyWatch } from './key-watch.ts';
import { openLimits } from './open-limits.ts';
import type { ApiParts } from './parts.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const caller: Caller = { tenant: 'acme', keyId: 'key1', scopes, tasks: null };

export const authorization = 'Bearer hold_test';

export interface TestApi extends RunningServer {
  app: ReturnType<typeof createApi>;
  parts: ApiParts;
  /** From now on requests come with a key like this. */
  actAs(key: Pick<Partial<Caller>, 'tasks' | 'scopes'>): void;
  /** As when the process is told to stop. */
  stop(): void;
  /** Accepts a job and begins its first attempt. */
  begin(key: string): Promise<{ jobId: string; writer: AttemptWriter }>;
  /** A request with the API key. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  end(): Promise<void>;
}

type Options = Partial<Pick<ApiParts, 'maxBodyBytes' | 'readerStallMs' | 'heartbeatMs'>> & {
  mayTasks?: readonly string[];
};

/** @param options `mayTasks`: the tasks that the API key is limited to */
export async function startTestApi({ mayTasks, ...options }: Options = {}): Promise<TestApi> {
  const { redis, subscriber } = await connectToTestRedis();
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const journal = new Journal({ redis, prefix, retentionMs: 60_000 });
  const clock = new FlushClock({ journal, logger: silent });
  const ledger = new Ledger({ redis, prefix });
  const logger = createLogger('api', 'silent');
  const limits = await openLimits({ redis, prefix, plans: {}, logger });
  let known: Caller = { ...caller, tasks: mayTasks ?? null };
  const findCaller: ApiParts['findCaller'] = async (key) => (`Bearer ${key}` === authorization ? known : null);
  const stopping = new AbortController();
  const parts: ApiParts = {
    redis,
    journal,
    feed: new LiveFeed(subscriber),
    queue: new LaneQueues({ redis, prefix, onError: () => undefined }),
    findCaller,
    keyWatch: new KeyWatch(findCaller),
    gate: createAdmission({ ledger, limits, logger: silent }),
    ledger,
    limits,
    prices: {},
    tasks: allTasks({}),
    lanes: defaultLanes('http://127.0.0.1:1/v1'),
    durability: 'memory',
    configDigest: '',
    writes: new DurableWrites({ mode: 'memory', redis, prefix, connect: async () => redis }),
    memory: new MemoryWatch({ redis, logger: silent }),
    metrics: new ApiMetrics('fsync'),
    logger,
    stopping: stopping.signal,
    maxBodyBytes: 10_000_000,
    readerStallMs: 10_000,
    heartbeatMs: 15_000,
    ...options,
  };
  const app = createApi(parts);
  const running = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    ...running,
    app,
    parts,
    actAs(key) {
      known = { ...caller, ...key };
    },
    stop: () => stopping.abort(),
    begin: (key) => beginJob(journal, clock, key),
    fetch: (path, init = {}) =>
      fetch(`${running.url}${path}`, { ...init, headers: { authorization, ...init.headers } }),
    async end() {
      stopping.abort();
      await running.close(0);
      await Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]);
    },
  };
}

async function connectToTestRedis() {
  const url = process.env.HOLDFAST_TEST_REDIS_URL;
  if (!url) throw new Error('HOLDFAST_TEST_REDIS_URL is not set: run the tests with `npm test`, which starts a Redis');
  const redis = connectRedis(url, 'worker', silent);
  const subscriber = connectRedis(url, 'subscriber', silent);
  await Promise.all([untilReady(redis, 5_000), untilReady(subscriber, 5_000)]);
  return { redis, subscriber };
}

async function beginJob(journal: Journal, clock: FlushClock, key: string) {
  const request = { task: 'chat.completions', input: { model: 'sim' } };
  const requestText = JSON.stringify(request);
  const jobId = jobIdFor(caller.tenant, key);
  await journal.accept({
    id: jobId,
    tenant: caller.tenant,
    lane: 'default',
    request,
    requestText,
    digest: key,
    release: 1,
    tokens: 10,
  });
  const reply = await journal.claim(jobId, 1);
  if (reply.kind !== 'claimed') throw new Error(`not claimed: ${reply.kind}`);
  const { attempt, ticket, seq } = reply.claim;
  const ignore = () => undefined;
  const writer = new AttemptWriter({
    clock,
    jobId,
    attempt,
    ticket,
    seq,
    onCancelRequested: ignore,
    onRefused: ignore,
  });
  return { jobId, writer };
}
