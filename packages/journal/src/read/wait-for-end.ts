/** Waiting for a job's end without reading its events. */
import { hasEnded } from '@holdfast/core';
import type { Journal } from '../journal.ts';
import type { OwnedJob } from '../record.ts';
import { type LiveFeed, parseLiveEvents } from './live-feed.ts';

/**
 * The job as it is when it ends, when the signal fires, or when it is deleted (null), whichever comes first.
 * Throws what the connection throws.
 */
export async function waitForEnd(
  journal: Journal,
  feed: LiveFeed,
  jobId: string,
  signal: AbortSignal,
): Promise<OwnedJob | null> {
  let tell = (): void => undefined;
  const listener = {
    onMessage: (message: Buffer) => {
      if (parseLiveEvents(message).ended) tell();
    },
    onGap: () => tell(),
  };
  const stop = () => tell();
  let unsubscribe = (): void => undefined;
  signal.addEventListener('abort', stop, { once: true });
  try {
    unsubscribe = await feed.subscribe(journal.keysOf(jobId).live, listener);
    for (;;) {
      // Before the look: what is told while it is under way counts.
      const news = new Promise<void>((resolve) => {
        tell = resolve;
      });
      const found = await journal.get(jobId);
      if (!found || hasEnded(found.job.status) || signal.aborted) return found;
      await news;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    unsubscribe();
  }
}
