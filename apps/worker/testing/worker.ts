/** A worker on the test run's real Redis, with a provider that does as the job's input says. For tests. */
import { randomBytes } from 'node:crypto';
import { Cell } from '@holdfast/cell';
import {
  AttemptError,
  DEFAULT_MAX_CALLS,
  defaultRetryPolicy,
  type Job,
  type JsonObject,
  jobIdFor,
  type Limits,
  type Logger,
  type Outcome,
  type Provider,
  type ProviderCall,
  type ProviderEvent,
  type ReadyQueue,
  type SubmitRequest,
} from '@holdfast/core';
import { Ledger } from '@holdfast/gate';
import { FlushClock, Journal, LiveFeed, readEvents, type Shared } from '@holdfast/journal';
import { LaneCallLimits, LaneQueues } from '@holdfast/queue';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { builtInTasks } from '@holdfast/tasks';
import { sharedRedisUrl } from '../../../packages/core/testing/shared-redis.ts';
import type { AttemptDeps } from '../src/attempt/open-attempt.ts';
import { runAttempt } from '../src/attempt/run-attempt.ts';
import { RunningAttempts } from '../src/attempt/running-attempts.ts';
import { AdaptiveRateLimit } from '../src/cost/adaptive-rate-limit.ts';
import { type Lane, withBreaker } from '../src/lanes/lane-providers.ts';
import { observeWith } from '../src/observe/worker-observer.ts';
import { KnownFormats } from '../src/tasks/known-formats.ts';

export { until } from '../../../packages/core/testing/until.ts';

type Mode = (call: ProviderCall) => AsyncIterable<ProviderEvent>;

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export const answer = { choices: [{ message: { role: 'assistant', content: 'Hello' } }] };
const usage = { input_tokens: 3, output_tokens: 2 };

/** Outcomes of attempts that end their jobs, of a tenant that may run as much as it likes. */
export const completed: Outcome = { kind: 'completed', unblocked: [] };
export const cancelled: Outcome = { kind: 'cancelled', unblocked: [] };

/** Throws when the call is to end. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function* fail(error: Error): AsyncGenerator<ProviderEvent> {
  yield { kind: 'text', text: 'so far' };
  throw error;
}

const modes: Record<string, Mode> = {
  async *answer() {
    yield { kind: 'event', event: { type: 'begun' } };
    yield { kind: 'text', text: 'Hel', event: { id: 'c1', delta: 'Hel' } };
    yield { kind: 'text', text: 'lo' };
    yield { kind: 'result', output: answer, usage };
  },
  async *wait({ signal }) {
    yield { kind: 'text', text: 'so far' };
    await aborted(signal);
  },
  async *babble({ signal }) {
    for (;;) {
      signal.throwIfAborted();
      yield { kind: 'text', text: '.' };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
  async *stop() {
    yield { kind: 'text', text: 'so far' };
  },
  limit: () =>
    fail(new AttemptError('provider_rate_limited', 'Later.', { retryable: true, retryAfterMs: 2_000, status: 429 })),
  cut: () => fail(new AttemptError('provider_stream_cut', 'Cut.', { retryable: true, ambiguous: true })),
  refuse: () => fail(new AttemptError('provider_bad_request', 'No.', { status: 400, provider: 'scripted' })),
  break: () => fail(new TypeError('cannot read "a secret prompt"')),
};

export interface JournalEntry {
  seq: number;
  type: string;
  data: JsonObject;
}

interface Submit extends Partial<SubmitRequest> {
  lane?: string;
  /** What is reserved for its first call. Default: no price is known. */
  estimateUsd?: number | null;
  limits?: Limits;
  shared?: Shared;
}

export interface TestWorker {
  deps: AttemptDeps;
  cell: Cell;
  journal: Journal;
  /** The scheduler, in front of a BullMQ that takes everything and holds nothing. */
  queues: LaneQueues;
  redis: Redis;
  subscriber: Redis;
  feed: LiveFeed;
  /** Calls that reached the provider. */
  calls: ProviderCall[];
  /** More of what the provider can be told to do, by `mode`. */
  modes: Record<string, Mode>;
  submit(mode: string, change?: Submit): Promise<string>;
  /** The newest one of a job. */
  releaseOf(jobId: string): Promise<number>;
  /** Default: its newest release. */
  run(
    jobId: string,
    options?: { lockLost?: AbortSignal; release?: number; deps?: Partial<AttemptDeps> },
  ): Promise<Outcome>;
  /** As a worker that claims the job and vanishes. */
  crash(jobId: string): Promise<void>;
  job(jobId: string): Promise<Job>;
  events(jobId: string): Promise<JournalEntry[]>;
  types(jobId: string): Promise<string[]>;
  close(): Promise<void>;
}

function scriptedProvider(calls: ProviderCall[], known: Record<string, Mode>): Provider {
  return {
    name: 'scripted',
    call(call) {
      calls.push(call);
      const mode = known[String(call.body.mode)];
      if (!mode) throw new Error(`no mode ${call.body.mode}`);
      return mode(call);
    },
  };
}

/** A lane with one provider. */
export function oneProvider(provider: Provider, change: Partial<Lane> = {}): Lane {
  const providers: Lane['providers'] = [withBreaker(provider, 'default', silent)];
  return { providers, background: false, idempotent: false, maxCalls: DEFAULT_MAX_CALLS, ...change };
}

function testDeps(
  journal: Journal,
  feed: LiveFeed,
  provider: Provider,
  scheduler: AttemptDeps['scheduler'],
): AttemptDeps {
  const callLimits = new LaneCallLimits(journal.cell);
  return {
    worker: 'host-1',
    journal,
    feed,
    clock: new FlushClock({ journal, logger: silent }),
    running: new RunningAttempts(),
    tasks: builtInTasks,
    lanes: new Map([['default', oneProvider(provider)]]),
    laneOf: () => 'default',
    callLimits,
    adaptiveRateLimit: new AdaptiveRateLimit({ callLimits, logger: silent }),
    ledger: new Ledger(journal.cell),
    limits: { of: async () => ({}) },
    prices: {},
    retryPolicy: { ...defaultRetryPolicy, maxFailures: 3 },
    crashLimit: 2,
    maxWaitMs: 300_000,
    scheduler,
    maxAnswerBytes: 67_108_864,
    showsTaskErrors: false,
    knownFormats: new KnownFormats(),
    random: () => 0,
    tracing: { tracer: null, propagates: false },
    observer: observeWith([]),
    logger: silent,
  };
}

const emptyQueue: ReadyQueue = {
  async add() {},
  async remove() {},
  stateOf: async () => 'missing',
};

async function submitJob(journal: Journal, mode: string, change: Submit): Promise<string> {
  const { lane = 'default', estimateUsd = null, limits = {}, shared = null, ...rest } = change;
  const request = { task: 'chat.completions', input: { model: 'sim', mode }, ...rest };
  const requestText = JSON.stringify(request);
  const id = jobIdFor('acme', null);
  const job = { id, tenant: 'acme', lane, request, requestText, digest: requestText, tokens: 10, shared };
  const { kind } = await journal.submit(job, { limits, estimateUsd });
  if (kind !== 'created') throw new Error(`not created: ${kind}`);
  return id;
}

export async function openTestWorker(): Promise<TestWorker> {
  const url = sharedRedisUrl();
  const [redis, subscriber] = [connectRedis(url, 'worker', silent), connectRedis(url, 'subscriber', silent)];
  await Promise.all([untilReady(redis, 60_000), untilReady(subscriber, 60_000)]);
  const cell = new Cell({ redis, prefix: `t${randomBytes(6).toString('hex')}`, retentionMs: 3_600_000 });
  const journal = new Journal(cell);
  const calls: ProviderCall[] = [];
  const known = { ...modes };
  const feed = new LiveFeed(subscriber);
  const queues = new LaneQueues({ cell, ready: emptyQueue, onError: () => undefined });
  const deps = testDeps(journal, feed, scriptedProvider(calls, known), queues.scheduler);
  const events = async (jobId: string) => {
    const entries: JournalEntry[] = [];
    for await (const { seq, type, json } of readEvents(journal, jobId)) {
      entries.push({ seq, type, data: JSON.parse(json) as JsonObject });
    }
    return entries;
  };
  const releaseOf = async (jobId: string) => Number(await redis.hget(journal.keysOf(jobId).record, 'release'));
  return {
    deps,
    cell,
    journal,
    queues,
    redis,
    subscriber,
    feed,
    calls,
    modes: known,
    submit: (mode, change = {}) => submitJob(journal, mode, change),
    releaseOf,
    async run(jobId, { lockLost = new AbortController().signal, release, deps: change = {} } = {}) {
      const newest = await releaseOf(jobId);
      return runAttempt({ ...deps, ...change }, { jobId, release: release ?? newest }, lockLost);
    },
    async crash(jobId) {
      const { kind } = await journal.claim(jobId, await releaseOf(jobId));
      if (kind !== 'claimed') throw new Error(`not claimed: ${kind}`);
    },
    async job(jobId) {
      const found = await journal.get(jobId);
      if (!found) throw new Error(`there is no ${jobId}`);
      return found.job;
    },
    events,
    types: async (jobId) => (await events(jobId)).map(({ type }) => type),
    async close() {
      await queues.close();
      await Promise.all([disconnectRedis(redis), disconnectRedis(subscriber)]);
    },
  };
}
