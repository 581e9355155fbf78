import type { Response } from '@holdfast/service';

/** Aborts when the answer is over: sent, or its reader gone. */
export function untilGone(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (response.destroyed) gone.abort();
  return gone.signal;
}
