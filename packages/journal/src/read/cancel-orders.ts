/** Running jobs that are to be cancelled, as they are published when somebody asks for it. */
import type { Journal } from '../journal.ts';
import type { LiveFeed } from './live-feed.ts';

export interface CancelListener {
  /** Somebody wants this job cancelled. Jobs of other processes are named, too. Must not throw. */
  onCancel(jobId: string): void;
  /** Some may have been missed: `Journal.cancelRequested` says which. */
  onGap(): void;
}

/**
 * Resolves once every later cancel of the journal's cell is heard.
 * @returns the end of it
 * @throws RequestError `store_unavailable` when Redis doesn't answer within 2 s
 */
export function hearCancels(journal: Journal, feed: LiveFeed, listener: CancelListener): Promise<() => void> {
  return feed.subscribe(journal.cell.keys.control, {
    onMessage: (message) => listener.onCancel(message.toString()),
    onGap: () => listener.onGap(),
  });
}
