/**
 * A maintenance task, once a second, in one process of all: ended jobs go from Redis to the archive.
 *
 *   1. takes the archive's lock, and reads up to 200 entries of the outbox and their jobs
 *   2. writes them in one transaction
 *   3. removes from the outbox what was written, unless it has changed since it was read
 *
 * A crash before 3 leaves the entries in the outbox, and writing them again changes nothing: nothing is missing, nothing is there
 * twice. If PostgreSQL is away, the outbox grows, and jobs run as ever; a job is lost for the archive if it expires meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type ArchiveChanges, type ArchiveDatabase, deleteOld, type EndedJob, writeChanges } from '@holdfast/archive';
import type { Logger } from '@holdfast/core';
import {
  ArchiveOutbox,
  type EndedRun,
  type Journal,
  type OutboxEntry,
  readTimeline,
  type Timeline,
} from '@holdfast/journal';
import type { FairScheduler } from '@holdfast/queue';

/** What the archive doesn't have yet. */
export interface ArchiveBacklog {
  /** Entries of the outbox: ended and deleted jobs. */
  waiting: number;
  /** Age of the oldest of them; 0: none waits. */
  lagSeconds: number;
}

/** Is told what becomes of the archive. */
export interface ArchiveObserver {
  /** Jobs are in the archive, and no longer in the outbox. */
  written(jobs: number): void;
  /** A round has failed, and is tried again. */
  failed(): void;
  /** @param read what waits in this cell. Throws what the connection throws; while Redis is away, it waits */
  watch(read: () => Promise<ArchiveBacklog>): void;
}

/** Where ended jobs go. */
export interface Archive {
  database: ArchiveDatabase;
  /** Whether prompts and answers are archived, too. */
  withContent: boolean;
  /** Older jobs are deleted from the archive, in ms. */
  keepMs: number;
}

export interface ArchiveJobsOptions {
  journal: Journal;
  scheduler: Pick<FairScheduler, 'isMyTurn'>;
  archive: Archive;
  logger: Logger;
  observer: Pick<ArchiveObserver, 'written' | 'failed'>;
}

const EVERY_MS = 1_000;
const WANT_EVERY_MS = 60_000;
const DELETE_OLD_EVERY_MS = 60_000;
const MAX_BACK_OFF_MS = 60_000;
const CLOSE_WITHIN_MS = 3_000;
const BATCH = 200;
/** Contents of a batch are in memory at the same time. */
const MAX_CONTENT_BYTES = 16_777_216;

interface Batch {
  /** Entries of the outbox that are done with once `changes` are written. */
  taken: OutboxEntry[];
  changes: ArchiveChanges;
  /** There was no room for more. */
  isFull: boolean;
}

export class Archiver {
  readonly #options: ArchiveJobsOptions;
  readonly #outbox: ArchiveOutbox;
  /** Rounds that have failed since the last one that has not. */
  #failedInARow = 0;
  #waitUntil = 0;

  constructor(options: ArchiveJobsOptions) {
    this.#options = options;
    this.#outbox = new ArchiveOutbox(options.journal.cell);
  }

  /** Asks Redis to collect ended jobs. */
  async want(): Promise<void> {
    await this.#outbox.want();
  }

  /** One turn, where it is this process' turn and no wait after a failure is under way. Failures are logged and retried. */
  async turn(): Promise<void> {
    if (performance.now() < this.#waitUntil) return;
    const { scheduler, logger } = this.#options;
    try {
      if (!(await scheduler.isMyTurn('archive', EVERY_MS))) return;
      while (await this.round());
      if (await scheduler.isMyTurn('archive-old', DELETE_OLD_EVERY_MS)) await this.#deleteOld();
      if (this.#failedInARow > 0) logger.info({}, 'the archive is written again');
      this.#failedInARow = 0;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Archives one batch. @returns whether more wait that it left out */
  async round(): Promise<boolean> {
    if ((await this.#outbox.count()) === 0) return false;
    const { archive, journal, logger, observer } = this.#options;
    let batch: Batch | null = null;
    const written = await writeChanges(archive.database, journal.cell.name, async () => {
      batch = await this.#readBatch();
      return batch.changes;
    });
    // Another process is archiving.
    if (written === null || batch === null) return false;
    const { taken, isFull } = batch as Batch;
    for (const { id, reason } of written.refused) {
      logger.error({ jobId: id, reason }, 'PostgreSQL refuses this job: the archive lacks it');
    }
    await this.#outbox.remove(taken);
    observer.written(written.written);
    return isFull;
  }

  /** What to write, and the entries that are done with then. A job that runs again, or is gone, is done with, too. */
  async #readBatch(): Promise<Batch> {
    const { journal } = this.#options;
    const entries = await this.#outbox.oldest(BATCH);
    const ids = entries.filter(({ kind }) => kind === 'ended').map(({ jobId }) => jobId);
    const [found, timelines] = await Promise.all([
      journal.getEnded(ids),
      Promise.all(ids.map((id) => readTimeline(journal, id))),
    ]);
    const runs = new Map(ids.map((id, at) => [id, { run: found[at] ?? null, timeline: timelines[at] ?? null }]));
    const taken: OutboxEntry[] = [];
    const ended: EndedJob[] = [];
    let bytes = 0;
    for (const entry of entries) {
      const { run, timeline } = (entry.kind === 'ended' && runs.get(entry.jobId)) || { run: null, timeline: null };
      if (run) {
        const job = await this.#endedJob(run, timeline);
        bytes += (job.request?.length ?? 0) + (job.output?.length ?? 0);
        ended.push(job);
      }
      taken.push(entry);
      if (bytes > MAX_CONTENT_BYTES) break;
    }
    const deleted = taken.filter(({ kind }) => kind === 'deleted').map(({ jobId }) => jobId);
    return { taken, isFull: taken.length === BATCH || taken.length < entries.length, changes: { ended, deleted } };
  }

  async #endedJob(
    { tenant, job, trace, costNano, avoidedNano }: EndedRun,
    timeline: Timeline | null,
  ): Promise<EndedJob> {
    const { journal, archive } = this.#options;
    const [request, output] = archive.withContent
      ? await Promise.all([journal.requestText(job.id), journal.answerText(job.id)])
      : [null, null];
    return { tenant, job, trace, costNano, avoidedNano, timeline, request, output };
  }

  async #deleteOld(): Promise<void> {
    const { archive, logger } = this.#options;
    const deleted = await deleteOld(archive.database, new Date(Date.now() - archive.keepMs));
    if (deleted > 0) logger.info({ jobs: deleted }, 'jobs past ARCHIVE_DAYS were deleted from the archive');
  }

  #failed(error: unknown): void {
    this.#options.observer.failed();
    this.#failedInARow += 1;
    this.#waitUntil = performance.now() + Math.min(MAX_BACK_OFF_MS, EVERY_MS * 2 ** (this.#failedInARow - 1));
    if (this.#failedInARow > 1) return;
    this.#options.logger.warn({ error }, 'the archive can not be written; ended jobs wait in Redis until they expire');
  }

  /** What waits now, whichever process archives it. */
  async backlog(): Promise<ArchiveBacklog> {
    const [waiting, [oldest]] = await Promise.all([this.#outbox.count(), this.#outbox.oldest(1)]);
    return { waiting, lagSeconds: oldest ? Math.max(0, Date.now() - oldest.time) / 1_000 : 0 };
  }
}

type StartOptions = Omit<ArchiveJobsOptions, 'archive' | 'observer'> & {
  archive: Archive | null;
  observer: ArchiveObserver;
};

/**
 * Archives ended jobs until the returned function is called, which lets the running round end. Jobs that end from now on are
 * archived. Without an archive it does nothing.
 */
export async function startArchiving({ archive, observer, ...options }: StartOptions): Promise<() => Promise<void>> {
  if (archive === null) return async () => undefined;
  const archiver = new Archiver({ ...options, archive, observer });
  await archiver.want();
  observer.watch(() => archiver.backlog());
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= archiver.turn().finally(() => {
      running = null;
    });
  }, EVERY_MS);
  const wanting = setInterval(() => {
    archiver.want().catch((error: unknown) => options.logger.warn({ error }, 'the archive could not be asked for'));
  }, WANT_EVERY_MS);
  return async () => {
    clearInterval(timer);
    clearInterval(wanting);
    // PostgreSQL may be frozen. What it has not confirmed is written again by another process.
    await Promise.race([running, delay(CLOSE_WITHIN_MS, undefined, { ref: false })]);
  };
}
