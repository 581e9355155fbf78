/**
 * The archive's outbox: ended and deleted jobs that are still to be written to the archive. Scripts add to it in the step that ends
 * or deletes a job (`packages/cell/src/lua/archiving`), while an archive is wanted. The archiver takes from it what it has written.
 */
import { type Cell, scripts } from '@holdfast/cell';

export interface OutboxEntry {
  jobId: string;
  /** Of the entry: an entry that is added again gets a later one. ms, Redis' clock. */
  time: number;
  /** deleted: the archive has to forget the job. */
  kind: 'ended' | 'deleted';
}

/** An archive that is switched off for so long is given up: nothing is added any more. */
const WANTED_FOR_S = 7 * 86_400;

export class ArchiveOutbox {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /** From now on, and for seven days, jobs that end are added. Call it again now and then. */
  async want(): Promise<void> {
    await this.#cell.redis.set(this.#cell.keys.archivingWanted, '1', 'EX', WANTED_FOR_S);
  }

  /** Entries by their time, oldest first. */
  async oldest(limit: number): Promise<OutboxEntry[]> {
    const flat = await this.#cell.redis.zrange(this.#cell.keys.archiving, '0', String(limit - 1), 'WITHSCORES');
    return Array.from({ length: flat.length / 2 }, (_, at) => entryOf(flat[2 * at] ?? '', Number(flat[2 * at + 1])));
  }

  /** Removes entries that were written. One that was added again since it was read stays. Safe to repeat. */
  async remove(entries: readonly OutboxEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await scripts.removeArchived.run(
      this.#cell,
      entries.flatMap(({ jobId, time, kind }) => [kind === 'deleted' ? `-${jobId}` : jobId, time]),
    );
  }

  async count(): Promise<number> {
    return this.#cell.redis.zcard(this.#cell.keys.archiving);
  }
}

function entryOf(entry: string, time: number): OutboxEntry {
  return entry.startsWith('-')
    ? { jobId: entry.slice(1), time, kind: 'deleted' }
    : { jobId: entry, time, kind: 'ended' };
}
