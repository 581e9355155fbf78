/**
 * Reads a log from a cursor: one query of the index, then windows of bytes up to the log's end at that time. Windows may end within
 * an event. A packed log is unpacked. The job's answer, which is stored once, is put into its event in the place of `OUTPUT_MARK`.
 */
import type { JournalCell } from '../journal-cell.ts';
import { OUTPUT_MARK, startOfEvent } from '../log-format.ts';
import { DICTIONARY_BYTES, readDictionary, readPackedLog } from '../pack/packed-job.ts';
import { readValue } from '../write/staged-value.ts';

/** The state of the journal when the reading began. */
export interface Standing {
  status: string;
  seq: number;
}

interface Place extends Standing {
  /** Bytes of the log. */
  size: number;
  isPacked: boolean;
  /** Where the search for the event begins. */
  offset: number;
}

async function locate({ cell }: JournalCell, jobId: string, seq: number): Promise<Place | null> {
  const { record, index } = cell.keys.job(jobId);
  const [[status, last, size, packed], entry] = await Promise.all([
    cell.redis.hmget(record, 'status', 'seq', 'size', 'packed'),
    seq <= 1 ? [] : cell.redis.zrevrangebyscore(index, seq, '-inf', 'LIMIT', 0, 1),
  ]);
  if (!status) return null;
  const isPacked = Number(packed) > 0;
  return { status, seq: Number(last), size: Number(size), isPacked, offset: isPacked ? 0 : Number(entry[0] ?? 0) };
}

/**
 * Yields the bytes of the events after `cursor` that were in the journal when the reading began.
 * Returns its state at that time: if the job had ended, its last event was among them. Returns null when there is no such journal.
 */
export async function* readLog(
  { cell }: JournalCell,
  jobId: string,
  cursor: number,
): AsyncGenerator<Buffer, Standing | null> {
  const place = await locate({ cell }, jobId, cursor + 1);
  if (!place || place.seq <= cursor) return place;
  const dictionary = place.isPacked ? await readDictionary(cell, jobId) : null;
  const log = dictionary ? readPackedLog(cell, jobId, dictionary) : plain({ cell }, jobId, place);
  const answer = dictionary && dictionary.length < DICTIONARY_BYTES ? dictionary : null;
  for await (const window of fromEvent(log, cursor + 1)) yield* withOutput({ cell }, jobId, window, answer);
  return place;
}

/** The log's bytes from the beginning of an event. */
async function* fromEvent(log: AsyncIterable<Buffer>, seq: number): AsyncGenerator<Buffer> {
  let found = false;
  let rest: Buffer = Buffer.alloc(0);
  for await (const window of log) {
    if (found) {
      yield window;
      continue;
    }
    const bytes = rest.length > 0 ? Buffer.concat([rest, window]) : window;
    const start = startOfEvent(bytes, seq);
    found = start !== -1;
    if (found) yield bytes.subarray(start);
    // Not found: its first line may begin in this window and end in the next one, so the last bytes are needed again.
    else rest = bytes.subarray(Math.max(0, bytes.length - 32));
  }
}

async function* plain({ cell }: JournalCell, jobId: string, { offset, size }: Place): AsyncGenerator<Buffer> {
  let read = offset;
  for await (const window of readValue(cell, cell.keys.job(jobId).log, size, offset)) {
    read += window.length;
    yield window;
  }
  // It was packed some time ago, or deleted. A reader who is that slow has to attach again.
  if (read < size) throw new Error('the log was packed or deleted while it was read');
}

/** @param answer null: it was not read yet */
async function* withOutput(
  { cell }: JournalCell,
  jobId: string,
  bytes: Buffer,
  answer: Buffer | null,
): AsyncGenerator<Buffer> {
  const mark = bytes.indexOf(OUTPUT_MARK);
  if (mark === -1) {
    yield bytes;
    return;
  }
  yield bytes.subarray(0, mark);
  if (answer) yield answer;
  else yield* readValue(cell, cell.keys.job(jobId).output, Number.POSITIVE_INFINITY);
  yield bytes.subarray(mark + 1);
}
