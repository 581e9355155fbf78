/**
 * Pages of jobs from sorted lists of ids, the highest score first. The lists have ids by a time; a filter is applied to the records.
 * Ids whose record has just expired are skipped: maintenance removes them from the lists.
 *
 * A page costs no more than MAX_READ records, however few of them the filter matches. A cursor names the last id that was read, so no
 * job comes twice or is left out, whatever comes and goes meanwhile.
 */
import { RequestError } from '@holdfast/core';
import type { Journal } from '../journal.ts';
import type { OwnedSummary } from '../record.ts';

/** A sorted list of one cell, and the journal that has its jobs. */
export interface JobSource {
  journal: Journal;
  key: string;
}

/** A place in a list. */
export interface Position {
  /** ms */
  score: number;
  jobId: string;
}

export interface PageQuery {
  matches: (found: OwnedSummary) => boolean;
  limit: number;
  /** null: from the beginning. */
  after: Position | null;
  /** Scores, both included. */
  range?: { from?: number | undefined; to?: number | undefined };
}

export interface JobPage {
  found: OwnedSummary[];
  /** After which the next page begins; null: nothing follows. */
  next: Position | null;
  /** MAX_READ was reached before the page was full. */
  isCut: boolean;
}

interface Entry extends Position {
  journal: Journal;
}

/** How many ids are read at once, and for one page: a filter that matches nothing must not read a million records. */
const MAX_CHUNK = 200;
const MAX_READ = 2_000;

/** One page over all sources, merged. `next` may be given even if the next page is empty. */
export async function readPage(
  sources: readonly JobSource[],
  { matches, limit, after, range = {} }: PageQuery,
): Promise<JobPage> {
  const found: OwnedSummary[] = [];
  let read = 0;
  let last = after;
  // One more than the page, to see whether another page follows, and one for the position itself, which comes again.
  const walks = sources.map((source) => walk(source, { after, range, wanted: limit + 2 }));
  for await (const entries of merge(walks)) {
    const jobs = await readSummaries(entries);
    for (const [at, { score, jobId }] of entries.entries()) {
      const job = jobs[at];
      if (job && matches(job)) {
        if (found.length === limit) return { found, next: last, isCut: false };
        found.push(job);
      }
      last = { score, jobId };
    }
    read += entries.length;
    if (read >= MAX_READ) return { found, next: last, isCut: found.length < limit };
  }
  return { found, next: null, isCut: false };
}

/** In the order of the entries; all cells are read at the same time. */
async function readSummaries(entries: readonly Entry[]): Promise<(OwnedSummary | null)[]> {
  const journals = [...new Set(entries.map(({ journal }) => journal))];
  const jobs = new Map<Entry, OwnedSummary | null>();
  await Promise.all(
    journals.map(async (journal) => {
      const own = entries.filter((entry) => entry.journal === journal);
      const read = await journal.getSummaries(own.map(({ jobId }) => jobId));
      for (const [at, entry] of own.entries()) jobs.set(entry, read[at] ?? null);
    }),
  );
  return entries.map((entry) => jobs.get(entry) ?? null);
}

interface WalkOptions extends Required<Pick<PageQuery, 'after' | 'range'>> {
  /** The size of the first chunk; each further chunk is twice as large, since the filter seems to match few. */
  wanted: number;
}

/**
 * The ids after a position, in the order of the list: by score, the highest first; within one score by id, in descending order.
 */
async function* walk({ journal, key }: JobSource, { after, range, wanted }: WalkOptions): AsyncGenerator<Entry[]> {
  let last = after;
  let chunk = Math.min(wanted, MAX_CHUNK);
  for (let offset = 0; ; ) {
    const entries = await journal.redis.zrevrangebyscore(
      key,
      last ? last.score : (range.to ?? '+inf'),
      range.from ?? '-inf',
      'WITHSCORES',
      'LIMIT',
      offset,
      chunk,
    );
    const found: Entry[] = [];
    for (let at = 0; at < entries.length; at += 2) {
      found.push({ jobId: entries[at] ?? '', score: Number(entries[at + 1]), journal });
    }
    const from = last;
    const fresh = found.filter((entry) => from === null || compare(entry, from) > 0);
    // A whole chunk of one ms that was seen before: go on within this ms.
    offset = fresh.length === 0 ? offset + chunk : 0;
    last = fresh.at(-1) ?? last;
    if (fresh.length > 0) yield fresh;
    if (found.length < chunk) return;
    chunk = Math.min(2 * chunk, MAX_CHUNK);
  }
}

/** Positive: `one` comes later in a list. */
function compare(one: Position, other: Position): number {
  if (one.score !== other.score) return other.score - one.score;
  return one.jobId < other.jobId ? 1 : one.jobId > other.jobId ? -1 : 0;
}

/** The entries of several walks in the order of one list. */
async function* merge(walks: readonly AsyncGenerator<Entry[]>[]): AsyncGenerator<Entry[]> {
  const [only] = walks;
  if (walks.length === 1 && only) {
    yield* only;
    return;
  }
  const heads = walks.map((rest) => ({ rest, entries: [] as Entry[], isOver: false }));
  for (;;) {
    await Promise.all(
      heads.map(async (head) => {
        if (head.entries.length > 0 || head.isOver) return;
        const { value, done } = await head.rest.next();
        head.isOver = done === true;
        head.entries = done ? [] : value;
      }),
    );
    const open = heads.filter(({ entries }) => entries.length > 0);
    if (open.length === 0) return;
    const merged: Entry[] = [];
    // Until one of them has to be read on: its next entry may come before those of the others.
    while (open.every(({ entries }) => entries.length > 0)) {
      const next = open.reduce((first, head) =>
        compare(head.entries[0] as Entry, first.entries[0] as Entry) < 0 ? head : first,
      );
      merged.push(next.entries.shift() as Entry);
    }
    yield merged;
  }
}

/** @param list which list the position is of, by a letter; '' where there is one only */
export function encodeCursor({ score, jobId }: Position, list = ''): string {
  return Buffer.from(`${list}${score}:${jobId}`).toString('base64url');
}

/** @throws RequestError `invalid_cursor` */
export function decodeCursor(cursor: string): Position & { list: string } {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const found = /^([a-z]?)(\d{1,16}):(job_[a-z2-7]{32})$/.exec(text);
  if (!found?.[2] || !found[3]) throw invalidCursor();
  return { list: found[1] ?? '', score: Number(found[2]), jobId: found[3] };
}

export function invalidCursor(): RequestError {
  return new RequestError('invalid_cursor', 'Expected the `next_cursor` of a page of jobs.', { param: 'cursor' });
}
