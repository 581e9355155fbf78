/** Waits for a job's end without reading its events. */
import { hasEnded } from '@holdfast/core';
import type { Journal } from '../journal.ts';
import type { OwnedJob } from '../record.ts';
import { type LiveFeed, parseLiveEvents } from './live-feed.ts';

/**
 * Resolves with the job when it ends or the signal fires, or with null when it is deleted, whichever comes first.
 * Throws what the connection throws.
 */
export async function waitForEnd(
  journal: Journal,
  feed: LiveFeed,
  jobId: string,
  signal: AbortSignal,
): Promise<OwnedJob | null> {
  let wake = (): void => undefined;
  const listener = {
    onMessage: (message: Buffer) => {
      if (parseLiveEvents(message).ended) wake();
    },
    onGap: () => wake(),
  };
  const stop = () => wake();
  let unsubscribe = (): void => undefined;
  signal.addEventListener('abort', stop, { once: true });
  try {
    unsubscribe = await feed.subscribe(journal.keysOf(jobId).live, listener);
    for (;;) {
      // Before the read: what is published during the read must count.
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const found = await journal.get(jobId);
      if (!found || hasEnded(found.job.status) || signal.aborted) return found;
      await woken;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    unsubscribe();
  }
}
