/**
 * Stage 6 of 6, the reader's half: yields all of a job's events, in order, however often the connection breaks. The
 * server's half is in apps/api. No stage follows.
 *
 *   1. connect, with the number of the last event that was yielded
 *   2. yield each event once: known numbers are dropped, a missing number counts as a break
 *   3. the server closed the stream after a terminal event: return
 *   4. any other break (network, silence, early end, gap, 408, 429, 5xx): wait, then back to 1
 *   5. any other answer: throw
 *
 * A terminal event alone is not the end: an ended job may be retried, and its journal then continues after that event.
 *
 * It never gives up by itself. A caller who wants a limit aborts the signal.
 */
import type { Job, JobEvent } from '@holdfast/core';
import { backOffMs, type RetryOptions, sleep } from './back-off.ts';
import { HoldfastApiError, HoldfastConnectionError, HoldfastError } from './errors.ts';
import { EventCursor } from './event-cursor.ts';
import { openEvents } from './event-source.ts';
import type { Http } from './http.ts';
import { hasEnded } from './terminal.ts';

/** A broken connection that is about to be made again. */
export interface Reconnect {
  /** What broke the connection. */
  error: HoldfastError;
  /** Breaks in a row without a new event, from 1. */
  failures: number;
  /** When the next connection is tried, in ms from now. */
  delayMs: number;
  /** Number of the last event that was yielded; 0: none. */
  after: number;
}

export interface AttachOptions {
  /** Number of the last event that the caller already has. Only later events are yielded. Default 0: all events. */
  after?: number | undefined;
  /** Ends the iteration with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called at every break. Only for showing it: the events are the same with or without it. */
  onReconnect?: ((reconnect: Reconnect) => void) | undefined;
}

export interface AttachSettings {
  http: Http;
  retry: RetryOptions;
  /** Silence, in ms, after which a connection counts as broken. */
  silenceMs: number;
}

/** @throws HoldfastApiError for 4xx other than 408 and 429; RangeError for a wrong `after`; the signal's reason */
export async function* attachTo(
  settings: AttachSettings,
  path: string,
  options: AttachOptions,
): AsyncGenerator<JobEvent, void, undefined> {
  const { signal } = options;
  const cursor = new EventCursor(options.after ?? 0);
  for (let failures = 1; ; failures++) {
    const before = cursor.seq;
    const openedAt = performance.now();
    let error: HoldfastError;
    try {
      for await (const message of openEvents(settings, `${path}/events`, cursor.seq, signal)) {
        signal?.throwIfAborted();
        const event = cursor.take(message);
        if (event !== null) yield event;
      }
      if (cursor.isAtTerminal || (await isReadToTheEnd(settings.http, path, cursor, signal))) return;
      error = new HoldfastConnectionError('stream_ended_early', 'The stream ended before the job did.');
    } catch (thrown) {
      signal?.throwIfAborted();
      if (isDeleted(thrown, cursor)) return;
      error = retryableOrThrow(thrown);
    }
    // A connection that delivered an event, or lasted for long, was a good one: counting starts again at 1.
    if (cursor.seq > before || performance.now() - openedAt > settings.retry.maxDelayMs) failures = 1;
    const delayMs = backOffMs(settings.retry, failures, error.retryAfterMs);
    options.onReconnect?.({ error, failures, delayMs, after: cursor.seq });
    await sleep(delayMs, signal);
  }
}

/** Returns an error that a new connection can fix, and throws any other. */
function retryableOrThrow(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError && thrown.retryable) return thrown;
  throw thrown;
}

/** The end was yielded, the connection broke before the server closed it, and the job was deleted meanwhile. */
function isDeleted(thrown: unknown, cursor: EventCursor): boolean {
  return cursor.isAtTerminal && thrown instanceof HoldfastApiError && thrown.status === 404;
}

/** Where the caller's cursor is already at the end, the stream is empty, and only the job's record can say why. */
async function isReadToTheEnd(http: Http, path: string, cursor: EventCursor, signal: AbortSignal | undefined) {
  if (cursor.hasMoved || cursor.seq === 0) return false;
  const { body } = await http.send({ method: 'GET', path, signal });
  const job = body as Job;
  return hasEnded(job.status) && job.cursor <= cursor.seq;
}
