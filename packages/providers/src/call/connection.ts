/**
 * The connection of one provider call: whoever ends it first gives the reason, and that reason is what the call throws.
 * So a stall, an answer that is too large and the caller's own signal need no other way through the SDK, which swallows aborts.
 */
import type { AttemptError } from '@holdfast/core';

export interface Connection {
  /** Goes to fetch: aborting it destroys the socket. */
  readonly signal: AbortSignal;
  /** Closes the connection because of `error`. */
  fail(error: AttemptError): void;
  /** Stops following the caller's signal: the call has its answer. */
  release(): void;
  /** Closes the connection, if it is still open, without any reason of note. */
  close(): void;
}

export function openConnection(caller: AbortSignal): Connection {
  const controller = new AbortController();
  const follow = () => controller.abort(caller.reason);
  caller.addEventListener('abort', follow, { once: true });
  const release = () => caller.removeEventListener('abort', follow);
  return {
    signal: controller.signal,
    fail: (error) => controller.abort(error),
    release,
    close() {
      release();
      controller.abort();
    },
  };
}
