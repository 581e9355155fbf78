/**
 * Reads the body of an answer as text:
 *
 *   waiting ──bytes──▶ waiting      each read has its own time limit; any byte counts, also of comments (heartbeats)
 *      │──silence──▶ stalled        the connection is closed
 *      │──error──▶ cut
 *      │──time is up──▶ end         `endWithin`: the reader has what it needs
 *      └──reader leaves──▶ drained  the few bytes after [DONE] are read, so that the connection can be used again
 *
 * The time limit only runs during a read, so a slow consumer isn't mistaken for a silent provider.
 */
import type { Connection } from '../call/connection.ts';
import type { Failures } from '../failure/failures.ts';

/** How long a provider may still send after its answer, in ms, before the connection is closed. */
const drainMs = 1000;

export interface BodyLimits {
  /** Until the first byte: models that think for long send their headers early. */
  firstByteTimeoutMs: number;
  idleTimeoutMs: number;
}

export interface BodyReader {
  /** The next text; null: the end. @throws AttemptError; the reason that the connection was closed with */
  read(): Promise<string | null>;
  /** Ends the body after so many ms, whatever comes. The time runs from the first call, until a call with null. */
  endWithin(ms: number | null): void;
  /** Call it when nothing more will be read. */
  leave(): void;
}

export function createBodyReader(
  { body }: Response,
  limits: BodyLimits,
  connection: Connection,
  failures: Failures,
): BodyReader {
  const reader = (body ?? new Blob([]).stream()).getReader();
  const decoder = new TextDecoder();
  let timeoutMs = Math.max(limits.firstByteTimeoutMs, limits.idleTimeoutMs);
  let endsAt = Number.POSITIVE_INFINITY;

  const next = (): Promise<Uint8Array | null> => {
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return Promise.resolve(null);
    const { signal } = connection;
    return new Promise((resolve, reject) => {
      const finish = (done: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        done();
      };
      // A pending read may outlast an abort; the caller must not wait for it.
      const onAbort = () => finish(() => reject(signal.reason));
      const onTime = () => {
        if (leftMs < timeoutMs) finish(() => resolve(null));
        else connection.fail(failures.stalled(timeoutMs));
      };
      const timer = setTimeout(onTime, Math.min(leftMs, timeoutMs));
      signal.addEventListener('abort', onAbort);
      reader.read().then(
        ({ value }) => finish(() => resolve(value ?? null)),
        (error: unknown) => finish(() => reject(signal.aborted ? signal.reason : failures.cut(error))),
      );
    });
  };

  return {
    async read() {
      connection.signal.throwIfAborted();
      const bytes = await next();
      timeoutMs = limits.idleTimeoutMs;
      if (bytes) return decoder.decode(bytes, { stream: true });
      const rest = decoder.decode();
      return rest === '' ? null : rest;
    },
    endWithin(ms) {
      endsAt = ms === null ? Number.POSITIVE_INFINITY : Math.min(endsAt, performance.now() + ms);
    },
    leave() {
      drain(reader, connection);
    },
  };
}

/** Not awaited: what comes after an answer doesn't matter. */
function drain(reader: ReadableStreamDefaultReader<Uint8Array>, connection: Connection): void {
  const timer = setTimeout(connection.close, drainMs);
  timer.unref();
  const readOn = async () => {
    while (!(await reader.read()).done);
  };
  // Errors after the answer don't matter.
  readOn()
    .catch(() => undefined)
    .finally(() => clearTimeout(timer));
}
