/** Cancel requests for running jobs, as they are published. */
import type { Journal } from '../journal.ts';
import type { LiveFeed } from './live-feed.ts';

export interface CancelListener {
  /** This job should be cancelled. It may run in another process. Must not throw. */
  onCancel(jobId: string): void;
  /** Requests may have been missed: `Journal.cancelRequested` says which. */
  onGap(): void;
}

/**
 * Subscribes to the cancel requests of the journal's cell. Once it resolves, no later request is missed without `onGap`.
 * @returns ends the subscription
 * @throws RequestError `store_unavailable` when Redis doesn't answer within 2 s
 */
export function subscribeToCancels(journal: Journal, feed: LiveFeed, listener: CancelListener): Promise<() => void> {
  return feed.subscribe(journal.cell.keys.control, {
    onMessage: (message) => listener.onCancel(message.toString()),
    onGap: () => listener.onGap(),
  });
}
