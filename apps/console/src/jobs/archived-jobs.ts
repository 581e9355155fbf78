/**
 * Jobs that Redis no longer has, in the archive of ended jobs (ARCHIVE_URL). If PostgreSQL is away, a request that needs it is
 * refused, and all others go on.
 */
import { type Timeline, timelineSchema } from '@holdfast/admin';
import {
  type ArchiveDatabase,
  type ArchivedJob,
  type FailureGroup,
  failuresOf,
  forget,
  getContent,
  getJob,
  search,
} from '@holdfast/archive';
import { hasEnded, jobIdFor, MisconfigurationError, RequestError } from '@holdfast/core';
import type { JobFilter } from '@holdfast/journal';

export interface ArchivedDetails extends ArchivedJob {
  timeline: Timeline | null;
}

export interface ArchivedText {
  /** JSON; null: contents are not archived, or there is none. */
  request: string | null;
  output: string | null;
}

export class ArchivedJobs {
  readonly #database: ArchiveDatabase;

  constructor(database: ArchiveDatabase) {
    this.#database = database;
  }

  /** null: the filter is for jobs that have not ended, and none is here. */
  async search(
    filter: JobFilter,
    cursor: string,
    limit: number,
  ): Promise<{ jobs: ArchivedJob[]; next: string | null } | null> {
    const { id, key, tenant, status, createdFrom, createdTo, task, lane, errorCode, metadata } = filter;
    if (status !== undefined && !hasEnded(status)) return null;
    const wanted = {
      id: key !== undefined && tenant !== undefined ? jobIdFor(tenant, key) : id,
      tenant,
      task,
      lane,
      status,
      errorCode,
      metadata,
      createdFrom: createdFrom === undefined ? undefined : new Date(createdFrom),
      // Its end is not included there.
      createdTo: createdTo === undefined ? undefined : new Date(createdTo + 1),
    };
    const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const page = await this.#ask(() => search(this.#database, given, { cursor: cursor || null, limit }));
    return { jobs: page.jobs, next: page.nextCursor };
  }

  async get(id: string): Promise<ArchivedDetails | null> {
    const found = await this.#ask(() => getJob(this.#database, id));
    if (found === null) return null;
    const timeline = timelineSchema.safeParse(found.timeline);
    return { ...found, timeline: timeline.success ? timeline.data : null };
  }

  /** null: it isn't here. */
  content(id: string): Promise<ArchivedText | null> {
    return this.#ask(() => getContent(this.#database, id));
  }

  /** Failures of jobs that ended from this time on, by what they have in common. */
  failures(from: Date): Promise<FailureGroup[]> {
    return this.#ask(() => failuresOf(this.#database, { from, to: new Date(Date.now() + 60_000) }));
  }

  /** @returns whether it was here */
  forget(cell: string, id: string): Promise<boolean> {
    return this.#ask(() => forget(this.#database, cell, id));
  }

  /** @throws RequestError `store_unavailable` */
  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof RequestError) throw error;
      const why = error instanceof MisconfigurationError ? error.message : 'PostgreSQL does not answer.';
      throw new RequestError('store_unavailable', `The archive of ended jobs can’t be asked: ${why}`, {
        cause: error,
        retryAfterMs: 1_000,
      });
    }
  }
}
