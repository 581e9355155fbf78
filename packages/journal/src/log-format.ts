/**
 * The log: a job's events as ready-made SSE bytes, one after the other. The job's answer is stored once, apart from the log: its
 * event has `OUTPUT_MARK` in the answer's place, and `read/read-log.ts` puts the answer in.
 */

/** Stands in a log for the output of the job. JSON never contains this byte. */
export const OUTPUT_MARK = 0;

/** Where the bytes of an event begin within `bytes`; -1 when it isn't there. */
export function startOfEvent(bytes: Buffer, seq: number): number {
  const line = `id: ${seq}\n`;
  if (bytes.toString('latin1', 0, line.length) === line) return 0;
  const found = bytes.indexOf(`\n${line}`);
  return found === -1 ? -1 : found + 1;
}
