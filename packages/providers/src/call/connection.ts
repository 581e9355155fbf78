/**
 * The connection of one provider call. The first one to end it gives the reason, which the call then throws. So stalls, answers that are
 * too large and the caller's signal all work in one way, although the SDK swallows aborts.
 */
import type { AttemptError } from '@holdfast/core';

export interface Connection {
  /** For fetch: an abort destroys the socket. */
  readonly signal: AbortSignal;
  /** Closes the connection because of `error`. */
  fail(error: AttemptError): void;
  /** Stops following the caller's signal: the call has its answer. */
  release(): void;
  /** Closes the connection, if it is still open, without a reason. */
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
