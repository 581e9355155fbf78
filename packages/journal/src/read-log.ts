/** Reading a log from a cursor: one look into the index, then windows of whole events. */
import type { Journal } from './journal.ts';

/** Large enough that a usual answer is one window, small enough not to hold up Redis or a slow reader. */
const WINDOW_BYTES = 262_144;

export interface LogWindow {
  /** One or more whole events. */
  bytes: Buffer;
  /** Number of the last of them. */
  last: number;
}

/** Where the journal stood when the reading began. */
export interface Standing {
  status: string;
  seq: number;
}

/** Where the bytes of the event after `cursor` begin within `bytes`; -1 when it isn't there. */
export function startOfEvent(bytes: Buffer, seq: number): number {
  const line = `id: ${seq}\n`;
  if (bytes.toString('latin1', 0, line.length) === line) return 0;
  const found = bytes.indexOf(`\n${line}`);
  return found === -1 ? -1 : found + 1;
}

function lastSeq(bytes: Buffer): number {
  const found = bytes.lastIndexOf('\nid: ');
  const start = found === -1 ? 4 : found + 5;
  return Number(bytes.toString('latin1', start, bytes.indexOf(10, start)));
}

/** The journal's standing, or null when there is none; and the byte offset from where to look for event `seq`. */
async function locate(
  journal: Journal,
  jobId: string,
  seq: number,
): Promise<{ standing: Standing | null; offset: number }> {
  const { record, index } = journal.keysOf(jobId);
  const [[status, last], entry] = await Promise.all([
    journal.redis.hmget(record, 'status', 'seq'),
    seq <= 1 ? [] : journal.redis.zrevrangebyscore(index, seq, '-inf', 'LIMIT', 0, 1),
  ]);
  return { standing: status ? { status, seq: Number(last) } : null, offset: Number(entry[0] ?? 0) };
}

/**
 * Yields the events after `cursor` that the log holds, in windows of whole events.
 * Returns the journal's standing as it was before the first window: if it had ended, the windows hold its end.
 * Returns null when there is no such journal.
 */
export async function* readLog(
  journal: Journal,
  jobId: string,
  cursor: number,
): AsyncGenerator<LogWindow, Standing | null> {
  const { standing, offset } = await locate(journal, jobId, cursor + 1);
  if (!standing || standing.seq <= cursor) return standing;
  const { log } = journal.keysOf(jobId);
  let found = false;
  let rest: Buffer = Buffer.alloc(0);
  for (let at = offset; ; ) {
    const window = await journal.redis.getrangeBuffer(log, at, at + WINDOW_BYTES - 1);
    at += window.length;
    let bytes = rest.length > 0 ? Buffer.concat([rest, window]) : window;
    if (!found) {
      const start = startOfEvent(bytes, cursor + 1);
      found = start !== -1;
      // Not here: the next window may begin in the middle of its first line, so some bytes are kept.
      bytes = bytes.subarray(found ? start : Math.max(0, bytes.length - 32));
    }
    const end = found ? bytes.lastIndexOf('\n\n') + 2 : 0;
    if (end > 1) {
      const whole = bytes.subarray(0, end);
      yield { bytes: whole, last: lastSeq(whole) };
    }
    rest = bytes.subarray(end > 1 ? end : 0);
    if (window.length < WINDOW_BYTES) return standing;
  }
}
