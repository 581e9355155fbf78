/**
 * Stage 5 of 6: the journal. Before it: the worker, which writes through `attempt-writer.ts`; after it: readers, which attach
 * through `attach.ts`.
 *
 * This file has the operations on a whole job: submit, claim, cancel, retry, delete, get. Each is one script of the job's cell
 * (`packages/cell`), so a crash leaves it done or not done, and never half done.
 */
import { randomUUID } from 'node:crypto';
import {
  type AdmissionRequest,
  admissionArguments,
  type Cell,
  type JobKeys,
  type Refusal,
  type RequestsLeft,
  refusalOf,
  requestsLeft,
  scripts,
} from '@holdfast/cell';
import { type Job, type JsonObject, RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { type ClaimReply, claimedRecord, claimOf } from './claim.ts';
import { type Admission, createdJob, isSentAtOnce, type NewJob, submitArguments } from './new-job.ts';
import { unpackJob } from './pack/pack-jobs.ts';
import { readDictionary, readPackedRequest } from './pack/packed-job.ts';
import {
  type EndedRun,
  endedRunOf,
  jobOf,
  type OwnedJob,
  type OwnedSummary,
  type StoredAnswer,
  type StoredJob,
  summaryOf,
  type Values,
  valuesOf,
} from './record.ts';
import { readBytes, readValue, stageValue } from './write/staged-value.ts';
import { workerName } from './write/timeline-fields.ts';

/** A job that exists already. `digest`: of the request that created it. */
export interface FoundJob extends OwnedSummary {
  digest: string;
}

export type SubmitReply =
  | {
      kind: 'created';
      requests: RequestsLeft | null;
      job: Job;
      /** The lane whose queue it waits in. */
      queue: string;
      /** joined: an equal job that has not ended will answer for it; cached: a completed one does. */
      result: 'accepted' | 'joined' | 'cached';
      /** Lanes in which its tenant may run more jobs than before. */
      unblocked: string[];
    }
  | { kind: 'found'; requests: RequestsLeft | null; found: FoundJob }
  | { kind: 'refused'; requests: RequestsLeft | null; refusal: Refusal };

export type RetryReply =
  | { kind: 'queued'; requests: RequestsLeft | null; lane: string }
  | { kind: 'refused'; requests: RequestsLeft | null; refusal: Refusal };

export type CancelReply =
  | { kind: 'cancelled'; release: number; lane: string; unblocked: string[] }
  | { kind: 'requested' | 'ended' | 'missing' };

export type DeleteReply = 'deleted' | 'not_ended' | 'missing';

export class Journal {
  readonly cell: Cell;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  get redis(): Redis {
    return this.cell.redis;
  }

  /** The same journal over another connection. */
  over(redis: Redis): Journal {
    return new Journal(this.cell.over(redis));
  }

  keysOf(jobId: string): JobKeys {
    return this.cell.keys.job(jobId);
  }

  /**
   * Finds the job with this id, or admits and creates it; then it waits for its turn. When it resolves, the job is as durable as
   * Redis is. After an error the job may or may not exist: repeat the call to find out.
   */
  async submit(job: NewJob, admission: Admission): Promise<SubmitReply> {
    const request = isSentAtOnce(job) ? job.requestText : await stageValue(this.cell, job.requestText);
    const reply = await scripts.submit.run(this.cell, submitArguments(job, request, admission, this.cell.retentionMs));
    const [kind, used, resetMs, ...rest] = reply as [SubmitReply['kind'] | 'not_staged', number, number, ...unknown[]];
    // Redis was away until the staged value had expired.
    if (kind === 'not_staged') return this.submit(job, admission);
    const requests = requestsLeft(admission.limits, used, resetMs);
    if (kind === 'refused') return { kind, requests, refusal: refusalOf(rest as string[]) };
    if (kind === 'found') {
      const [record, details] = (rest as string[][]).map(valuesOf) as [Values, Values];
      return { kind, requests, found: foundJob(job.id, record, details) };
    }
    const [createdAt, queue, result, ...unblocked] = rest as string[];
    return {
      kind,
      requests,
      job: createdJob(job, Number(createdAt)),
      queue: queue || job.lane,
      result: result as 'accepted' | 'joined' | 'cached',
      unblocked,
    };
  }

  /** The job with this id, or null. Writes nothing, so it works with a full Redis too. */
  async find(jobId: string): Promise<FoundJob | null> {
    const [stored] = await this.#read([jobId], false);
    return stored?.record.status ? foundJob(jobId, stored.record, stored.details) : null;
  }

  /** The job and its tenant, or null. One round trip; never reads the log. */
  async get(jobId: string): Promise<OwnedJob | null> {
    const [stored] = await this.#read([jobId], true);
    return stored ? jobOf(jobId, stored) : null;
  }

  /** Jobs without their answers, in one round trip. */
  async getSummaries(jobIds: readonly string[]): Promise<(OwnedSummary | null)[]> {
    const stored = await this.#read(jobIds, false);
    return jobIds.map((id, at) => {
      const one = stored[at];
      return one ? summaryOf(id, one) : null;
    });
  }

  /** Jobs that have ended, in one round trip; null: it has not ended, or there is none. */
  async getEnded(jobIds: readonly string[]): Promise<(EndedRun | null)[]> {
    const stored = await this.#read(jobIds, false);
    return jobIds.map((id, at) => {
      const one = stored[at];
      return one ? endedRunOf(id, one) : null;
    });
  }

  /** The body that created the job, or null. */
  async requestText(jobId: string): Promise<string | null> {
    const { request } = this.keysOf(jobId);
    const stored = await readWhole(this.cell, request);
    if (stored !== null) return stored;
    const packed = await readPackedRequest(this.cell, jobId, await readDictionary(this.cell, jobId));
    // In neither place: it was unpacked in between, or the job is gone.
    return packed.length > 0 ? packed.toString() : readWhole(this.cell, request);
  }

  /** Begins an attempt for a release. See the script `claim`. @param worker id of the process, for the job's timeline */
  async claim(jobId: string, release: number, worker = ''): Promise<ClaimReply> {
    const reply = await scripts.claim.run(this.cell, [jobId, release, randomUUID(), workerName(worker)]);
    const [kind, now, read, values, waited] = reply as [ClaimReply['kind'], string, string, string[], string];
    if (kind !== 'claimed') return { kind };
    const record = claimedRecord(values);
    const { request, calls, steps } = this.keysOf(jobId);
    const isFirst = record.attempt === '1';
    const stored = {
      waitedMs: waited === '' ? null : Number(waited),
      request: read || ((await readWhole(this.cell, request)) ?? ''),
      calls: isFirst ? {} : await this.redis.hgetall(calls),
      steps: isFirst ? {} : await this.redis.hgetall(steps),
    };
    return { kind, claim: claimOf(jobId, Number(now), record, stored) };
  }

  /** Stores the request to cancel the job, and ends it if no worker runs it. Idempotent. */
  async cancel(jobId: string): Promise<CancelReply> {
    const reply = await scripts.cancel.run(this.cell, [jobId, this.cell.retentionMs]);
    const [kind, release, lane, ...unblocked] = reply as [CancelReply['kind'], string, string, ...string[]];
    return kind === 'cancelled' ? { kind, release: Number(release), lane, unblocked } : { kind };
  }

  /** Whether a cancel was requested, for each of these jobs. */
  async cancelRequested(jobIds: readonly string[]): Promise<boolean[]> {
    const values = await Promise.all(
      jobIds.map((id) => this.redis.hget(this.keysOf(id).record, 'cancel_requested_at')),
    );
    return values.map((value) => value !== null);
  }

  /**
   * Lets a failed or cancelled job run again under its id, admitted like a new one.
   * @throws RequestError `job_not_found`, `job_not_retryable`
   */
  async retry(job: Pick<Job, 'id' | 'task' | 'lane'>, admission: AdmissionRequest): Promise<RetryReply> {
    const data: JsonObject = { task: job.task, lane: job.lane, again: true };
    const reply = await scripts.retry.run(this.cell, [job.id, JSON.stringify(data), ...admissionArguments(admission)]);
    const [kind, used, resetMs, ...rest] = reply as [string, number, number, ...string[]];
    if (kind === 'packed') {
      await unpackJob(this, job.id);
      return this.retry(job, admission);
    }
    if (kind === 'missing') throw jobNotFound(job.id);
    if (kind === 'not_retryable') throw jobNotRetryable(String(used));
    const requests = requestsLeft(admission.limits, used, resetMs);
    if (kind === 'refused') return { kind, requests, refusal: refusalOf(rest) };
    return { kind: 'queued', requests, lane: rest[0] ?? job.lane };
  }

  /** Deletes an ended job with everything stored for it. Its idempotency key may then be used again. */
  async delete(jobId: string): Promise<DeleteReply> {
    const [kind] = (await scripts.delete.run(this.cell, [jobId])) as [DeleteReply];
    return kind;
  }

  /** An answer that is too large to be read whole (see `OwnedJob.large`): JSON, in windows. */
  readAnswer(jobId: string, part: 'output' | 'text', size: number): AsyncGenerator<Buffer> {
    return readValue(this.cell, this.keysOf(jobId)[part], size);
  }

  /** The whole answer: JSON; null: there is none. Large answers are read in windows, and are in memory at the end. */
  answerText(jobId: string): Promise<string | null> {
    return readWhole(this.cell, this.keysOf(jobId).output);
  }

  async #read(jobIds: readonly string[], withAnswers: boolean): Promise<StoredJob[]> {
    const reply = await scripts.read.run(this.cell, [withAnswers ? 1 : 0, ...jobIds]);
    return Promise.all(
      (reply as [string[], string[], number, string, number, string][]).map(async (stored, at) => {
        const [record, details, outputSize, output, textSize, text] = stored;
        const keys = this.keysOf(jobIds[at] ?? '');
        return {
          record: valuesOf(record),
          details: valuesOf(details),
          output: await this.#answer(keys.output, outputSize, output),
          text: await this.#answer(keys.text, textSize, text),
        };
      }),
    );
  }

  /** @param read the value, where the script has read it: only small ones */
  async #answer(key: string, size: number, read: string): Promise<StoredAnswer> {
    if (size === 0) return null;
    if (read !== '') return read;
    return size > MAX_READ_WHOLE ? { size } : readWhole(this.cell, key);
  }
}

/** Larger answers, in bytes, are sent piece by piece: parsing them would delay all other requests. */
export const MAX_READ_WHOLE = 1_048_576;

async function readWhole(cell: Cell, key: string): Promise<string | null> {
  const bytes = await readBytes(cell, key, Number.POSITIVE_INFINITY);
  return bytes.length === 0 ? null : bytes.toString();
}

function foundJob(id: string, record: Values, details: Values): FoundJob {
  const found = summaryOf(id, { record, details });
  if (!found) throw new Error(`the record of ${id} is incomplete`);
  return { ...found, digest: record.digest ?? '' };
}

/** One answer for jobs that have expired, never existed or belong to another tenant: a stranger must not learn that a job exists. */
export function jobNotFound(jobId: string): RequestError {
  return new RequestError('job_not_found', `There is no job ${jobId.slice(0, 64)}. It may have expired.`, {
    param: 'id',
  });
}

export function jobNotRetryable(status: string): RequestError {
  return new RequestError('job_not_retryable', `The job is ${status}; only a failed or cancelled one can run again.`);
}
