/**
 * Stage 5 of 6: the journal. Before it: the worker, by `attempt-writer.ts`; after it: attaching, by `attach.ts`.
 *
 * This file holds what is done to a whole job: accept, claim, cancel, run again, forget, look at. Each is one script on
 * the job's own keys, so a crash anywhere leaves it done or not done, never half. What spans keys (the lists of open
 * jobs and of a tenant's jobs) is written before the record: an entry without a record is harmless and gets dropped, a
 * record without an entry would be a job that nobody finds.
 */
import { randomUUID } from 'node:crypto';
import { formatEvent, type Job, type JsonObject, RequestError, type SubmitRequest } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { type ClaimReply, readClaim } from './claim.ts';
import { controlChannel, type JobKeys, jobKeys, openJobsKey, tenantJobsKey } from './keys.ts';
import { giveUpLead, type Shared } from './leader.ts';
import { dropEnded, type OpenJob } from './open-jobs.ts';
import { jobOf, type OwnedJob, recordFields } from './record.ts';
import { acceptScript } from './scripts/accept.ts';
import { cancelScript } from './scripts/cancel.ts';
import { claimScript } from './scripts/claim.ts';
import { forgetScript } from './scripts/forget.ts';
import { renewReleaseScript } from './scripts/renew-release.ts';
import { rerunScript } from './scripts/rerun.ts';

export interface JournalOptions {
  redis: Redis;
  prefix: string;
  /** How long a job is kept after its end, in ms. */
  retentionMs: number;
}

export interface NewJob {
  id: string;
  tenant: string;
  lane: string;
  request: SubmitRequest;
  /** The body as it was sent: kept, and what a worker gets to see. */
  requestText: string;
  /** SHA-256 of `requestText`. */
  digest: string;
  /**
   * Number of the first hand-over to the queue; later ones count on from it. A job that was forgotten may come to life
   * again under its key, while the queue still keeps its old entries: so begin with something new, such as the time in ms.
   */
  release: number;
  /** Estimate of the tokens, in and out, of the job's first provider call. */
  tokens: number;
  /** What the gate has set aside for the job, by its own name for it. */
  reservation?: string;
  /** It may be answered by an equal job, or answer for one. */
  shared?: Shared | null;
  /** The lane whose queue it waits in, where that isn't its own. */
  queue?: string;
}

/** The job that an id names already. */
export interface AcceptedBefore {
  /** Of the request that created it. */
  digest: string;
  /** Its newest release. */
  release: number;
  /** The lane whose queue that is in; '' its own. */
  queue: string;
}

export type CancelReply =
  /** `leftOver`: responses may still run at the provider; a worker that gets the release ends them. */
  { kind: 'cancelled'; release: number; lane: string; leftOver: boolean } | { kind: 'requested' | 'ended' | 'missing' };

export type ForgetReply = 'forgotten' | 'refused' | 'missing';

export class Journal {
  readonly redis: Redis;
  readonly prefix: string;
  readonly retentionMs: number;

  constructor(options: JournalOptions) {
    this.redis = options.redis;
    this.prefix = options.prefix;
    this.retentionMs = options.retentionMs;
  }

  /** The same journal over another connection. */
  over(redis: Redis): Journal {
    return new Journal({ redis, prefix: this.prefix, retentionMs: this.retentionMs });
  }

  keysOf(jobId: string): JobKeys {
    return jobKeys(this.prefix, jobId);
  }

  /**
   * Creates the job, or finds the one its id names. Durable, as far as Redis is, when it resolves; after an error the
   * job may or may not exist, and the same call again finds out.
   * @returns null when the job was created
   */
  async accept({
    id,
    tenant,
    lane,
    request,
    requestText,
    digest,
    release,
    tokens,
    reservation,
    shared,
    queue,
  }: NewJob): Promise<AcceptedBefore | null> {
    const keys = this.keysOf(id);
    const now = Date.now();
    const fields = {
      tenant,
      lane,
      task: request.task,
      request: requestText,
      release,
      tokens,
      priority: request.priority ?? 0,
      ...(reservation ? { reservation } : {}),
      ...(shared ? { shared: shared.digest, shared_ttl: shared.ttlMs } : {}),
      ...(queue ? { queue } : {}),
      ...(request.metadata ? { metadata: JSON.stringify(request.metadata) } : {}),
    };
    const accepted = formatEvent(1, 'job.accepted', { task: request.task, lane });
    // In order on one connection: the two list entries are there before the record is. NX keeps a replay from moving them.
    const listed = Promise.all([
      this.redis.zadd(openJobsKey(this.prefix), 'NX', now, id),
      this.redis.zadd(tenantJobsKey(this.prefix, tenant), 'NX', now, id),
    ]);
    const [, reply] = await Promise.all([
      listed,
      acceptScript.run(
        this.redis,
        [keys.record, keys.log],
        [digest, accepted, request.deadline_ms ?? '', request.delay_ms ?? '', ...Object.entries(fields).flat()],
      ),
    ]);
    const [created, storedDigest = '', storedRelease = '', storedQueue = ''] = reply as [number, ...string[]];
    return created === 1 ? null : { digest: storedDigest, release: Number(storedRelease), queue: storedQueue };
  }

  /** The job that an id names already, or null. Writes nothing, so that a full Redis answers it too. */
  async acceptedBefore(jobId: string): Promise<AcceptedBefore | null> {
    const [digest, release, queue] = await this.redis.hmget(this.keysOf(jobId).record, 'digest', 'release', 'queue');
    return digest == null ? null : { digest, release: Number(release), queue: queue ?? '' };
  }

  /** The job and its tenant, or null. One round trip; never reads the log. */
  async look(jobId: string): Promise<OwnedJob | null> {
    return jobOf(jobId, await this.redis.hmget(this.keysOf(jobId).record, ...recordFields));
  }

  /** Many jobs at once, in one round trip. */
  async lookAll(jobIds: readonly string[]): Promise<(OwnedJob | null)[]> {
    return Promise.all(jobIds.map((id) => this.look(id)));
  }

  /** The body that the job was created by, or null. */
  async requestText(jobId: string): Promise<string | null> {
    return this.redis.hget(this.keysOf(jobId).record, 'request');
  }

  /** Begins an attempt for a release. See `scripts/claim.ts`. */
  async claim(jobId: string, release: number): Promise<ClaimReply> {
    const { record } = this.keysOf(jobId);
    const ticket = randomUUID();
    // Sent together; the second reads what the first doesn't change, and large values don't pass through Lua.
    const [reply, values] = await Promise.all([
      claimScript.run(this.redis, [record], [release, ticket]),
      this.redis.hgetall(record),
    ]);
    return readClaim({ jobId, release, ticket }, reply, values);
  }

  /** Stores the wish to cancel, and ends the job if nobody runs it. Idempotent. */
  async cancel(jobId: string): Promise<CancelReply> {
    const { live, ...keys } = this.keysOf(jobId);
    const reply = await cancelScript.run(this.redis, scriptKeys(keys), [
      live,
      controlChannel(this.prefix),
      jobId,
      this.retentionMs,
    ]);
    const [kind, release, lane, leftOver] = reply as [CancelReply['kind'], string, string, number];
    if (kind !== 'cancelled') return { kind };
    await dropEnded(this, [jobId]);
    return { kind, release: Number(release), lane, leftOver: leftOver === 1 };
  }

  /** Whether a cancel has been asked for, of each of these jobs. */
  async cancelRequested(jobIds: readonly string[]): Promise<boolean[]> {
    const values = await Promise.all(
      jobIds.map((id) => this.redis.hget(this.keysOf(id).record, 'cancel_requested_at')),
    );
    return values.map((value) => value !== null);
  }

  /**
   * Lets a failed or cancelled job run again under its id. What the run before has cost is forgotten: settle it first.
   * @param reservation what the gate has set aside for this run
   * @param settled what it had for the run before; where that isn't the job's newest any more, the job had not ended
   * @returns what its new release is to be enqueued with
   * @throws RequestError `job_not_found`, `job_not_retryable`
   */
  async rerun(
    job: Job,
    { reservation = '', settled = '' } = {},
  ): Promise<{ release: number; lane: string; priority: number; tokens: number }> {
    const { live, ...keys } = this.keysOf(job.id);
    const list = () => this.redis.zadd(openJobsKey(this.prefix), 'NX', Date.now(), job.id);
    await list();
    const data: JsonObject = { task: job.task, lane: job.lane, again: true };
    const reply = await rerunScript.run(this.redis, scriptKeys(keys), [
      live,
      JSON.stringify(data),
      reservation,
      settled,
    ]);
    const [kind, release, lane, priority, tokens] = reply as [string, number | string, string, string, string];
    if (kind === 'missing') throw jobNotFound(job.id);
    if (kind === 'refused') throw jobNotRetryable(String(release));
    // Once more: the end of the run before may just now have been taken off the list.
    await list();
    return { release: Number(release), lane, priority: Number(priority), tokens: Number(tokens) };
  }

  /**
   * Deletes an ended job with all it holds. Its idempotency key may then be used anew.
   * @param settled as of `rerun`: what its run has cost is forgotten as well
   */
  async forget(jobId: string, tenant: string, settled = ''): Promise<ForgetReply> {
    const { record, log, index } = this.keysOf(jobId);
    const [reply, shared] = (await forgetScript.run(this.redis, [record, log, index], [settled])) as [
      ForgetReply,
      string,
    ];
    if (reply !== 'forgotten') return reply;
    // Should this not happen, the leader is found missing a little later.
    if (shared) await giveUpLead(this, { jobId, digest: shared });
    await this.redis.zrem(tenantJobsKey(this.prefix, tenant), jobId);
    return reply;
  }

  /**
   * The next release number of a job that the queue has lost; null if it has ended, was begun, or another sweep was faster.
   * @param newLane its own from here on; default: as it was
   */
  async renewRelease(
    { jobId, release, attempt }: Pick<OpenJob, 'jobId' | 'release' | 'attempt'>,
    newLane = '',
  ): Promise<number | null> {
    const reply = await renewReleaseScript.run(this.redis, [this.keysOf(jobId).record], [release, attempt, newLane]);
    return reply === 0 ? null : (reply as number);
  }
}

/** A job's keys in the order that the appending scripts take them. */
export function scriptKeys(keys: Omit<JobKeys, 'live'>): string[] {
  return [keys.record, keys.log, keys.index, keys.trimmed];
}

/** One answer for "expired", "never was" and "belongs to another tenant": who may not see a job may not learn of it. */
export function jobNotFound(jobId: string): RequestError {
  return new RequestError('job_not_found', `There is no job ${jobId.slice(0, 64)}. It may have expired.`, {
    param: 'id',
  });
}

export function jobNotRetryable(status: string): RequestError {
  return new RequestError('job_not_retryable', `The job is ${status}; only a failed or cancelled one can run again.`);
}
