/** Waiting for a job's end without reading its events. */
import { hasEnded } from '@holdfast/core';
import { Mailbox } from './attach.ts';
import type { Journal } from './journal.ts';
import { type LiveFeed, parseLiveEvents } from './live-feed.ts';
import type { OwnedJob } from './record.ts';

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
  const mailbox = new Mailbox(signal);
  const unsubscribe = await feed.subscribe(journal.keysOf(jobId).live, {
    onMessage: (message) => {
      // Only the end is of interest here; everything else would fill the mailbox.
      const events = parseLiveEvents(message);
      if (events.ended) mailbox.put(events);
    },
    onGap: () => mailbox.fallBehind(),
  });
  try {
    for (;;) {
      mailbox.reset();
      const found = await journal.get(jobId);
      if (!found || hasEnded(found.job.status) || signal.aborted) return found;
      await mailbox.next();
    }
  } finally {
    unsubscribe();
  }
}
