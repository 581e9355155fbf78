/**
 * Reading a log from a cursor: one look into the index, then windows of bytes up to where the log ended then. Windows don't
 * end where events do. A log that was packed since its job ended is unpacked. The job's answer is put in here: its event
 * has `\0` in its place, so that it is stored once.
 */
import type { JournalCell } from '../journal-cell.ts';
import { OUTPUT_MARK, startOfEvent } from '../log-format.ts';
import { DICTIONARY_BYTES, readDictionary, readPackedLog } from '../pack/packed-job.ts';
import { readValue } from '../write/staged-value.ts';

/** Where the journal stood when the reading began. */
export interface Standing {
  status: string;
  seq: number;
}

interface Place extends Standing {
  /** Bytes of the log. */
  size: number;
  isPacked: boolean;
  /** From where to look for the event. */
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
 * Yields the bytes of the events after `cursor`, as far as the journal went when the reading began.
 * Returns that standing: if the job had ended, its end was among them. Returns null when there is no such journal.
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

/** The log's bytes from the beginning of an event on. */
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
    // Not here: the next window may begin in the middle of its first line, so some bytes are kept.
    else rest = bytes.subarray(Math.max(0, bytes.length - 32));
  }
}

async function* plain({ cell }: JournalCell, jobId: string, { offset, size }: Place): AsyncGenerator<Buffer> {
  let read = offset;
  for await (const window of readValue(cell, cell.keys.job(jobId).log, size, offset)) {
    read += window.length;
    yield window;
  }
  // Packed a while ago, or deleted: whoever reads so slowly has to attach again.
  if (read < size) throw new Error('the log has gone while it was read');
}

/** @param answer null: it has not been read */
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
