/**
 * Watches the body of an answer on its way to the SDK's parser:
 *
 *   waiting ──bytes──▶ waiting      each read has its own time limit; any byte counts, comments (heartbeats) too
 *      │──silence──▶ stalled        the connection is closed
 *      │──too many bytes──▶ closed  before the parser has to keep them
 *      │──error──▶ cut
 *      └──reader leaves──▶ drained  the few bytes after [DONE] are read, so that the connection can be used again
 *
 * The clock runs only while somebody wants bytes, so a slow consumer isn't taken for a silent provider.
 */
import type { Connection } from './connection.ts';
import type { SizeGuard } from './event-size.ts';
import type { Failures } from './failures.ts';

/** What a provider may still send after its answer, in ms, before the connection is given up. */
const drainMs = 1000;

export interface BodyLimits {
  /** Until the first byte; models that think for long send their headers before. */
  firstByteTimeoutMs: number;
  idleTimeoutMs: number;
  guard: SizeGuard;
  /** What `guard` measures, for the message, and its limit. */
  measured: string;
  maxBytes: number;
}

export function watchBody(
  body: ReadableStream<Uint8Array>,
  limits: BodyLimits,
  connection: Connection,
  failures: Failures,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const read = createTimedRead(reader, limits, connection, failures);
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // A pending read may outlive an abort; whoever waits for the bytes must not.
        connection.signal.addEventListener('abort', () => controller.error(connection.signal.reason), { once: true });
      },
      async pull(controller) {
        const chunk = await read();
        if (connection.signal.aborted) return;
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel() {
        drain(reader, connection);
      },
    },
    { highWaterMark: 0 },
  );
}

type ByteReader = ReadableStreamDefaultReader<Uint8Array>;

/** Reads the next bytes, null at the end. Closes the connection where a limit is passed. */
function createTimedRead(reader: ByteReader, limits: BodyLimits, connection: Connection, failures: Failures) {
  let timeoutMs = Math.max(limits.firstByteTimeoutMs, limits.idleTimeoutMs);
  return async (): Promise<Uint8Array | null> => {
    const timer = setTimeout(() => connection.fail(failures.stalled(timeoutMs)), timeoutMs);
    try {
      const { value } = await reader.read();
      timeoutMs = limits.idleTimeoutMs;
      if (!value) return null;
      if (limits.guard.exceeds(value)) connection.fail(failures.tooLarge(limits.measured, limits.maxBytes));
      return value;
    } catch (error) {
      throw connection.signal.aborted ? connection.signal.reason : failures.cut(error);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Not awaited: nobody waits for what comes after an answer. */
function drain(reader: ByteReader, connection: Connection): void {
  const timer = setTimeout(connection.close, drainMs);
  timer.unref();
  const readOn = async () => {
    while (!(await reader.read()).done);
  };
  // Whatever breaks now breaks after the answer.
  readOn()
    .catch(() => undefined)
    .finally(() => clearTimeout(timer));
}
