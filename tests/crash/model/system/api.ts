/** An API process: submits and changes jobs, and serves readers. */
import type { Caller } from '@holdfast/core';
import { attach, type LiveFeed, type NewJob } from '@holdfast/journal';
import type { Redis } from '@holdfast/redis';
import type { Request, Response } from '@holdfast/service/http';
import { deleteJob } from '../../../../apps/api/src/routes/delete-job.ts';
import { retryJob } from '../../../../apps/api/src/routes/retry-job.ts';
import { estimateFirstCall } from '../../../../packages/jobs/src/first-call.ts';
import { prices, TENANT, tasks } from '../jobs.ts';
import { type Environment, Process } from './processes.ts';

const caller: Caller = { tenant: TENANT, keyId: 'key', scopes: ['submit'], tasks: null };
/** HTTP answers are not checked here. */
const response = { setHeader() {}, hasHeader: () => true, status: () => response, end() {} };
const answer = response as unknown as Response;
const requestFor = (id: string) => ({ params: { id } }) as unknown as Request;

/** A reader of a journal, and what it has received. */
export interface Reader {
  jobId: string;
  after: number;
  bytes: string;
  /** How it ended; null while it reads. `failed`: a real reader would attach again. */
  result: 'ended' | 'aborted' | 'gone' | 'failed' | null;
  process: Process;
  /** How often the job had been deleted or had expired before the reader attached. */
  removedBefore: number;
}

export class Api extends Process {
  readonly #retryJob: ReturnType<typeof retryJob>;
  readonly #deleteJob: ReturnType<typeof deleteJob>;

  constructor(name: string, environment: Environment) {
    super(name, environment);
    const { journal, queues, ledger, limits } = this;
    const cells = { of: () => ({ journal, queue: queues, ledger }) };
    const writes = { run: <Result>(write: (redis: Redis) => Promise<Result>) => write(journal.redis) };
    this.#deleteJob = deleteJob({ cells, writes });
    this.#retryJob = retryJob({
      cells,
      writes,
      limits,
      prices,
      tasks,
      warnOfUnpriced: () => undefined,
      memory: { isNearlyFull: false },
      // HTTP answers are not checked here.
      sendJob: async () => undefined,
    });
  }

  /** Does what `packages/jobs/src/submit-or-replay.ts` does. Resolves when the client has its 2xx. */
  async submit(job: NewJob): Promise<void> {
    const { limits } = this.environment;
    const { estimate } = estimateFirstCall({ tasks, prices }, job.request.task, job.request.input);
    const areNewer = this.queues.areNewer(TENANT, limits);
    const reply = await this.journal.submit(job, { limits, areNewer, estimateUsd: estimate?.usd ?? null });
    if (reply.kind === 'refused') throw new Error('refused');
    if (reply.kind === 'created') this.queues.dispatch(reply.queue, ...reply.unblocked);
  }

  /** Does what `packages/jobs/src/cancel-job.ts` does, but doesn't wait for the job's end. */
  async cancel(jobId: string): Promise<void> {
    const reply = await this.journal.cancel(jobId);
    if (reply.kind !== 'cancelled') return;
    const { lane, release, unblocked } = reply;
    await this.queues.discard(lane, { jobId, release }, unblocked).catch(() => undefined);
  }

  async retry(jobId: string): Promise<void> {
    await this.#retryJob(requestFor(jobId), answer, caller);
  }

  async delete(jobId: string): Promise<void> {
    await this.#deleteJob(requestFor(jobId), answer, caller);
  }

  async read(reader: Reader): Promise<void> {
    const { jobId, after } = reader;
    const { dice, switches } = this.environment;
    const sink = {
      write: (bytes: Buffer) => {
        reader.bytes += bytes.toString();
        return dice.chance(0.8);
      },
      drained: async () => void (await this.upstreamWire.send('drained', () => undefined)),
    };
    const feed = switches.lateSubscribe ? lateFeed(this.feed) : this.feed;
    const { signal } = new AbortController();
    reader.result = await attach({ journal: this.journal, feed, jobId, after, sink, signal }).catch(() => 'failed');
  }
}

/** Resolves a subscription before Redis has confirmed it. */
function lateFeed(feed: LiveFeed): LiveFeed {
  const subscribe: LiveFeed['subscribe'] = async (channel, listener) => {
    const subscribed = feed.subscribe(channel, listener);
    subscribed.catch(() => undefined);
    return () => void subscribed.then((end) => end()).catch(() => undefined);
  };
  return { subscribe } as LiveFeed;
}
