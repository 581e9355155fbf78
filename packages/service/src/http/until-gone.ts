import type { Response } from 'express';

/** Aborts when the answer is over: it was sent, or its reader has left. */
export function untilGone(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (response.destroyed) gone.abort();
  return gone.signal;
}
