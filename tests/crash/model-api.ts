/** An API process: submits, changes jobs, lets readers attach. */
import type { Caller } from '@holdfast/core';
import { createAdmission } from '@holdfast/gate';
import { type AcceptedBefore, attach, type LiveFeed, type NewJob } from '@holdfast/journal';
import type { Redis } from '@holdfast/redis';
import type { Request, Response } from '@holdfast/service';
import { firstCallOf } from '@holdfast/tasks';
import { applicantOf, giveBackOrphan, requireAdmitted, settleEnded } from '../../apps/api/src/admit-job.ts';
import type { ApiParts } from '../../apps/api/src/parts.ts';
import { deleteJob, retryJob } from '../../apps/api/src/routes/change-job.ts';
import { prices, TENANT, tasks } from './model-jobs.ts';
import { atOnce, Process, type Surroundings, silent } from './model-processes.ts';

const caller: Caller = { tenant: TENANT, keyId: 'key', scopes: ['submit'], tasks: null };
/** What is answered is not looked at here. */
const response = { setHeader() {}, hasHeader: () => true, status: () => response, end() {} };
const answer = response as unknown as Response;
const requestFor = (id: string) => ({ params: { id } }) as unknown as Request;

/** Someone who reads a journal, and what they got. */
export interface Reader {
  jobId: string;
  after: number;
  bytes: string;
  /** How it ended; null while it goes on. 'failed': it would attach again. */
  result: 'ended' | 'aborted' | 'gone' | 'failed' | null;
  process: Process;
  /** Times that the job had been forgotten when the reader came. */
  forgotten: number;
}

export class Api extends Process {
  readonly #parts: ApiParts;
  /** Requests under way that may set something aside. */
  letsIn = 0;

  constructor(name: string, surroundings: Surroundings) {
    super(name, surroundings);
    const { journal, queue, ledger, limits } = this;
    const parts = {
      ...{ journal, queue, ledger, limits, prices, tasks, logger: silent },
      gate: createAdmission({ ledger, limits, logger: silent }),
      writes: { run: <Result>(write: (redis: Redis) => Result) => write(journal.redis) },
      memory: { isNearlyFull: false },
    };
    this.#parts = parts as unknown as ApiParts;
  }

  /** As `apps/api/src/routes/submit-job.ts`. Returns once the client has its 2xx. */
  async submit(job: NewJob): Promise<void> {
    const there = await this.journal.acceptedBefore(job.id);
    const before = there ?? (await this.#letIn(() => this.#admitAndAccept(job)));
    const { lane, id: jobId } = job;
    const enqueue = (release: number) => this.queue.enqueue({ jobId, release, lane, ...atOnce }).catch(() => undefined);
    const [found] = await Promise.all([this.journal.look(job.id), before ? null : enqueue(job.release)]);
    if (!found) throw new Error('forgotten meanwhile');
    if (before && found.job.status === 'queued' && found.job.attempt === 0) await enqueue(before.release);
  }

  async #admitAndAccept(job: NewJob): Promise<AcceptedBefore | null> {
    const { id, request } = job;
    const task = tasks.get(request.task);
    const applicant = applicantOf(this.#parts, TENANT, id, task ? firstCallOf(task, request.input) : null);
    const admitted = requireAdmitted(await this.#parts.gate.admit(applicant));
    const before = await this.journal.accept({ ...job, reservation: admitted.reservation });
    if (before) await giveBackOrphan(this.#parts, applicant, admitted);
    return before;
  }

  async #letIn<Result>(work: () => Promise<Result>): Promise<Result> {
    this.letsIn += 1;
    try {
      return await work();
    } finally {
      this.letsIn -= 1;
    }
  }

  async cancel(jobId: string): Promise<void> {
    const reply = await this.journal.cancel(jobId);
    if (reply.kind !== 'cancelled') return;
    const removed = this.queue.remove({ jobId, ...reply }).catch(() => undefined);
    await Promise.all([removed, settleEnded(this.#parts, jobId).catch(() => undefined)]);
  }

  async rerun(jobId: string): Promise<void> {
    await this.#letIn(() => retryJob(this.#parts, requestFor(jobId), answer, caller));
  }

  async forget(jobId: string): Promise<void> {
    await deleteJob(this.#parts, requestFor(jobId), answer, caller);
  }

  async read(reader: Reader): Promise<void> {
    const { jobId, after } = reader;
    const { dice, switches } = this.surroundings;
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

/** Says that it has subscribed when it has only begun to. */
function lateFeed(feed: LiveFeed): LiveFeed {
  const subscribe: LiveFeed['subscribe'] = async (channel, listener) => {
    const subscribed = feed.subscribe(channel, listener);
    subscribed.catch(() => undefined);
    return () => void subscribed.then((end) => end()).catch(() => undefined);
  };
  return { subscribe } as LiveFeed;
}
