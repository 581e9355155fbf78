/**
 * Reads the body of an answer as text:
 *
 *   waiting ──bytes──▶ waiting      each read has its own time limit; any byte counts, comments (heartbeats) too
 *      │──silence──▶ stalled        the connection is closed
 *      │──error──▶ cut
 *      │──time is up──▶ end         `endWithin`: whoever reads has what it needs
 *      └──reader leaves──▶ drained  the few bytes after [DONE] are read, so that the connection can be used again
 *
 * The clock of silence runs only while somebody wants bytes, so a slow consumer isn't taken for a silent provider.
 */
import type { Connection } from '../call/connection.ts';
import type { Failures } from '../failure/failures.ts';

/** What a provider may still send after its answer, in ms, before the connection is given up. */
const drainMs = 1000;

export interface BodyLimits {
  /** Until the first byte; models that think for long send their headers before. */
  firstByteTimeoutMs: number;
  idleTimeoutMs: number;
}

export interface BodyReader {
  /** The next text; null at the end. @throws AttemptError; what the connection was closed with */
  read(): Promise<string | null>;
  /** The body ends after so many ms, whatever comes; the time runs from the first such word on, until null takes it back. */
  endWithin(ms: number | null): void;
  /** Nobody reads on. */
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
      const settle = (done: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        done();
      };
      // A pending read may outlive an abort; whoever waits for the bytes must not.
      const onAbort = () => settle(() => reject(signal.reason));
      const onTime = () => {
        if (leftMs < timeoutMs) settle(() => resolve(null));
        else connection.fail(failures.stalled(timeoutMs));
      };
      const timer = setTimeout(onTime, Math.min(leftMs, timeoutMs));
      signal.addEventListener('abort', onAbort);
      reader.read().then(
        ({ value }) => settle(() => resolve(value ?? null)),
        (error: unknown) => settle(() => reject(signal.aborted ? signal.reason : failures.cut(error))),
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

/** Not awaited: nobody waits for what comes after an answer. */
function drain(reader: ReadableStreamDefaultReader<Uint8Array>, connection: Connection): void {
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
