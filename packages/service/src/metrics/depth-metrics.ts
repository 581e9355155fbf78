/** What waits and runs in each lane, over all processes. Read at each scrape; while Redis is away, it is left out. */
import type { LaneDepth } from '@holdfast/core';
import type { Metrics } from './metrics.ts';

/** @param read all lanes; called at each scrape, so the caller bounds how often Redis is asked */
export function exportDepth(metrics: Metrics, read: () => Promise<readonly LaneDepth[]>): void {
  const waiting = metrics.gauge('holdfast_lane_waiting_jobs', 'Jobs that are due and have no worker yet', ['lane']);
  const delayed = metrics.gauge('holdfast_lane_delayed_jobs', 'Jobs that are not due yet', ['lane']);
  const running = metrics.gauge('holdfast_lane_running_jobs', 'Jobs that a worker has', ['lane']);
  const tokens = metrics.gauge(
    'holdfast_lane_waiting_tokens',
    'What the waiting jobs may use, in and out: their number times the mean of a sample of them',
    ['lane'],
  );
  const oldest = metrics.gauge(
    'holdfast_lane_oldest_wait_seconds',
    'How long the job that waits longest has waited since it was due, by a sample of tenants; 0: none waits',
    ['lane'],
  );
  metrics.onScrape(async () => {
    // An old depth would lead an autoscaler astray.
    for (const gauge of [waiting, delayed, running, tokens, oldest]) gauge.reset();
    for (const { lane, waitingJobs, delayedJobs, runningJobs, waitingTokens, oldestWaitS } of await read()) {
      waiting.set({ lane }, waitingJobs);
      delayed.set({ lane }, delayedJobs);
      running.set({ lane }, runningJobs);
      tokens.set({ lane }, waitingTokens);
      oldest.set({ lane }, oldestWaitS);
    }
  });
}
