/**
 * One connection to a stream of events, from its request to its end or break. The standard `EventSource` can't be used: it
 * sends no Authorization header, and hides why a connection broke.
 *
 * It does not reconnect or check the numbers of events: `attach.ts` and `event-cursor.ts` do.
 */
import { HoldfastApiError, HoldfastConnectionError } from './errors.ts';
import { connectionErrorFrom, type Http } from './http.ts';
import { type SseMessage, SseParser } from './sse-parser.ts';

interface EventSourceSettings {
  http: Http;
  silenceMs: number;
}

/**
 * Yields messages as they come, and returns when the server closes the stream properly. Leaving the iteration closes the
 * connection.
 * @throws HoldfastConnectionError when it breaks or is silent for too long, HoldfastApiError when it is refused
 */
export async function* openEvents(
  { http, silenceMs }: EventSourceSettings,
  path: string,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<SseMessage, void, undefined> {
  const connection = new AbortController();
  const signals = signal ? AbortSignal.any([signal, connection.signal]) : connection.signal;
  try {
    const response = await unlessSilent(http.open(requestFor(path, after), signals), silenceMs, connection);
    // The job has ended, and there are no events after this cursor.
    if (response.status === 204) return;
    const reader = bodyOf(response).getReader();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await unlessSilent(reader.read(), silenceMs, connection);
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    connection.abort();
  }
}

function requestFor(path: string, after: number) {
  const headers = { accept: 'text/event-stream', ...(after > 0 ? { 'last-event-id': String(after) } : {}) };
  return { method: 'GET' as const, path, headers };
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  const type = response.headers.get('content-type') ?? 'nothing';
  if (response.body !== null && type.startsWith('text/event-stream')) return response.body;
  const message = `The server answered a request for a stream of events with ${type}.`;
  throw new HoldfastApiError(response.status, 'unreadable_answer', message);
}

/**
 * Waits for bytes, but no longer than `silenceMs`: then the connection is closed. Time counts only while waiting for
 * bytes, so a caller who works long on one event doesn't count as silence.
 */
async function unlessSilent<T>(bytes: Promise<T>, silenceMs: number, connection: AbortController): Promise<T> {
  const silence = new HoldfastConnectionError('connection_silent', `The server sent nothing for ${silenceMs} ms.`);
  const timer = setTimeout(() => connection.abort(silence), silenceMs);
  try {
    return await bytes;
  } catch (cause) {
    if (connection.signal.aborted) throw silence;
    throw cause instanceof HoldfastApiError ? cause : connectionErrorFrom(cause);
  } finally {
    clearTimeout(timer);
  }
}
